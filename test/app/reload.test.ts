import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { runDaemon } from '../../src/app/daemon.ts';
import { loadConfig } from '../../src/config/load.ts';
import { ACCOUNT, type Env, type LogLine } from '../support/program.ts';
import { serveAccount } from '../support/served-account.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

interface Daemon {
  readonly clock: VirtualClock;
  /** The log so far. */
  readonly lines: readonly LogLine[];
  readonly events: () => readonly string[];
  /** Resolves when there is a line of an event. */
  readonly logged: (event: string) => Promise<void>;
  readonly reload: () => void;
  /** Asks for the end. */
  readonly stop: () => void;
  readonly ended: Promise<void>;
}

/** The program's own daemon within this process, idle until the next hour. `env` is read anew by a reload. */
async function startDaemon(env: Env): Promise<Daemon> {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1, 9, 30));
  const ending = new AbortController();
  const lines: LogLine[] = [];
  const output = new Writable({
    decodeStrings: false,
    write: (text: string, _encoding, done) => {
      lines.push(JSON.parse(text) as LogLine);
      done();
    },
  });
  const ready = Promise.withResolvers<() => void>();
  const ended = runDaemon({
    load: () => loadConfig({}, env),
    output,
    signal: ending.signal,
    onReload: ready.resolve,
    clock,
  });
  const reload = await ready.promise;
  await clock.pass(0);
  const events = (): string[] => lines.map(({ event }) => event);
  const logged = async (event: string): Promise<void> => {
    while (!events().includes(event)) await turn();
  };
  return { clock, lines, events, logged, reload, stop: () => ending.abort(), ended };
}

test.for(['before', 'after'] as const)(
  'a reload that is asked for just %s the end leaves nothing behind',
  async (order) => {
    const { env } = await serveAccount({ images: 1 });
    const settings = { ...env, IMAGE_INVENTORY_RUN_ON_START: 'false' };
    const { clock, events, reload, stop, ended } = await startDaemon(settings);
    if (order === 'before') reload();
    stop();
    if (order === 'after') reload();
    await ended;
    const told = events().length;
    await clock.pass(2 * 3_600_000);
    expect(clock.waiting).toBe(0);
    expect(events().slice(told)).toEqual([]);
    expect(events().at(-1)).toBe('daemon.stopped');
  },
);

test('a reload tells of the schedules as the start does', async () => {
  const { env } = await serveAccount({ images: 1 });
  const settings = {
    ...env,
    IMAGE_INVENTORY_RUN_ON_START: 'false',
    IMAGE_INVENTORY_QUICK_SCHEDULE: '*/5 * * * *',
  };
  const { lines, logged, reload, stop, ended } = await startDaemon(settings);
  reload();
  await logged('daemon.reloaded');
  stop();
  await ended;
  const [started, reloaded] = ['daemon.started', 'daemon.reloaded'].map((event) =>
    lines.find((line) => line.event === event),
  );
  const schedules = { schedule: '0 * * * *', quick_schedule: '*/5 * * * *', timezone: 'UTC' };
  const text = expect.stringContaining('0 * * * *, for new uploads */5 * * * * (UTC)') as string;
  expect(started).toMatchObject({ ...schedules, accounts: 1, msg: text });
  expect(reloaded).toMatchObject({ ...schedules, accounts: 1, msg: text });
});

test('a server that a reload begins while the daemon ends does not outlive it', async () => {
  const { env } = await serveAccount({ images: 1 });
  const settings: Record<string, string> = { ...env, IMAGE_INVENTORY_RUN_ON_START: 'false' };
  const { events, reload, stop, ended } = await startDaemon(settings);
  const port = await freePort();
  settings['IMAGE_INVENTORY_HTTP_PORT'] = String(port);
  reload();
  // Lets it begin.
  await Promise.resolve();
  stop();
  await ended;
  expect(events()).toContain('http.started');
  await expect(fetch(`http://127.0.0.1:${port}/livez`)).rejects.toThrow('fetch failed');
});

test('an account that a reload takes away is not run while its connections are closed', async () => {
  const { env } = await serveAccount({ images: 1 });
  const settings: Record<string, string> = { ...env };
  const { clock, lines, logged, reload, stop, ended } = await startDaemon(settings);
  await logged('daemon.scheduled');
  await clock.pass(29 * 60_000);
  settings['CLOUDFLARE_ACCOUNT_ID'] = 'another';
  settings['CLOUDFLARE_API_TOKEN'] = 'another';
  settings['IMAGE_INVENTORY_RUN_ON_START'] = 'false';
  reload();
  // As far as it gets without the network; then the hour strikes.
  for (let step = 0; step < 100; step += 1) await Promise.resolve();
  clock.step();
  await logged('daemon.reloaded');
  stop();
  await ended;
  const failing = lines.filter(({ event }) => event === 'daemon.failing');
  expect(failing.map(({ account_id: id }) => id)).not.toContain(ACCOUNT);
});

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
