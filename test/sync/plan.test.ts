import { describe, expect, test } from 'vitest';
import { Failure } from '../../src/inventory/failure.ts';
import { openInProcess, type InProcess } from '../support/in-process.ts';

const started = ({ logged }: InProcess) => logged('sync.started').at(-1);

describe('before it reads, a run says', () => {
  test('how many requests it takes, and that the quota has room for them', async () => {
    const limits = { IMAGE_INVENTORY_RATE_REQUESTS: '1000' };
    const world = await openInProcess({ images: 35 }, limits);
    await world.sync();
    expect(world.logged('sync.finished').at(-1)).toMatchObject({ requests: 6 });
    expect(started(world)).toMatchObject({
      level: 'info',
      requests_planned: 6,
      quota_ms: 0,
      msg: 'full run: 35 images to read, 0 stored; about 6 requests, within the 1,000 requests per 5 min',
    });
  });

  test('how long the quota makes it wait, with what was sent before', async () => {
    const limits = { IMAGE_INVENTORY_RATE_REQUESTS: '10', IMAGE_INVENTORY_RATE_INTERVAL: '1' };
    const world = await openInProcess({ images: 35 }, limits);
    await world.sync();
    expect(started(world)).toMatchObject({ requests_planned: 6, quota_ms: 0 });
    await world.sync();
    const second = started(world);
    expect(second).toMatchObject({ requests_planned: 6 });
    expect(second?.['quota_ms']).toBeGreaterThan(0);
    expect(second?.['quota_ms']).toBeLessThanOrEqual(1000);
    expect(second?.msg).toContain('at 10 requests per 1.0 s');
  });

  test('that it will not end in time, and what to change', async () => {
    const world = await openInProcess(
      { images: 35 },
      { IMAGE_INVENTORY_RATE_REQUESTS: '3', IMAGE_INVENTORY_DEADLINE: '1' },
    );
    expect((await world.sync()).failure).toMatchObject({ code: 'RATE_LIMITED' });
    expect(started(world)).toMatchObject({ level: 'warn', quota_ms: expect.any(Number) as number });
    expect(started(world)?.msg).toMatch(
      /; about 6 requests, 5 min at 3 requests per 5 min, longer than the run may take: .* Raise IMAGE_INVENTORY_DEADLINE$/,
    );
  });

  test('that it does not know, when no total is stated', async () => {
    const world = await openInProcess({ images: 5 }, { IMAGE_INVENTORY_CREATOR: 'acme' });
    await world.sync();
    expect(started(world)?.msg).toMatch(/; how many requests that takes is not known$/);
    expect(started(world)).not.toHaveProperty('requests_planned');
  });

  test('that an account that has changed since it was interrupted is read anew', async () => {
    const world = await openInProcess({ images: 65 }, { IMAGE_INVENTORY_CONCURRENCY: '1' });
    const stop = new AbortController();
    world.emulator.on('request', (_method, path) => {
      if (path.includes('page=4')) stop.abort(new Failure('STOPPED', 'stopped'));
    });
    await world.sync({}, stop.signal);
    world.account.upload({ id: 'new' });
    world.emulator.removeAllListeners('request');
    await world.sync();
    expect(started(world)).toMatchObject({ resumed_run: 1, pages_read: 3, requests_planned: 9 });
  });

  test('the same before a dry run, and nothing before a quick one', async () => {
    const world = await openInProcess({ images: 35 });
    await world.sync();
    await world.sync({ mode: 'dry-run' });
    expect(started(world)).toMatchObject({ mode: 'dry-run', requests_planned: 6 });
    await world.sync({ mode: 'quick' });
    expect(started(world)).not.toHaveProperty('requests_planned');
    expect(started(world)?.msg).not.toContain('requests');
  });
});
