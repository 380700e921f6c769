import { describe, expect, it } from 'vitest';
import { IMAGES, startEmulator, type StartedEmulator } from '../support/emulator.ts';

interface Stats {
  readonly count: { readonly current: number; readonly allowed: number };
}

async function stats(server: StartedEmulator): Promise<Stats> {
  const { status, body } = await server.ask(`${IMAGES}/stats`);
  expect(status).toBe(200);
  return body.result as Stats;
}

describe('stats', () => {
  it('counts the images, and names a limit above them', async () => {
    await using server = await startEmulator({ images: 42 });
    const { count } = await stats(server);

    expect(count.current).toBe(42);
    expect(count.allowed).toBeGreaterThan(42);
  });

  it('leaves drafts out unless the server is one that counts them', async () => {
    await using without = await startEmulator({ images: 42, drafts: 3 });
    await using counting = await startEmulator(
      { images: 42, drafts: 3 },
      { quirks: { statsCountDrafts: true } },
    );

    expect((await stats(without)).count.current).toBe(42);
    expect((await stats(counting)).count.current).toBe(45);
  });

  it.each([
    [-5, 37],
    [8, 50],
    [-42, 0],
    [-1000, 0],
  ])('is off by %d on a server that counts so, but never below 0', async (statsShift, current) => {
    await using server = await startEmulator({ images: 42 }, { quirks: { statsShift } });

    expect((await stats(server)).count.current).toBe(current);
  });

  it('follows uploads and deletions', async () => {
    await using server = await startEmulator({ images: 42 });
    server.account.upload({ id: 'one' });
    server.account.upload({ id: 'two' });
    expect((await stats(server)).count.current).toBe(44);

    server.account.delete('one');
    expect((await stats(server)).count.current).toBe(43);
  });
});
