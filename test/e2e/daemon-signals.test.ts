import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { FaultName } from '../../src/emulator/choices.ts';
import { receive, silence } from '../notify/receiving.ts';
import { EVERY_SECOND, startDaemon } from '../support/daemon.ts';
import { freePort } from '../support/free-port.ts';
import type { Env, Finished } from '../support/program.ts';
import { serveAccount, type ServedAccount } from '../support/served-account.ts';
import { change, envOf, expectEqual, lastRun, LISTS, serveChanged } from '../support/strike.ts';
import { statements } from '../support/tamper.ts';

const [V1] = LISTS;
const CHECKPOINTS = new URL('../support/checkpoints.ts', import.meta.url).href;
const TIDYING = {
  IMAGE_INVENTORY_HOUSEKEEPING_SCHEDULE: EVERY_SECOND,
  IMAGE_INVENTORY_RETENTION_DAYS: '1',
};
/** There is something to tidy. */
const age = statements("UPDATE runs SET finished_at = '2020-01-01T00:00:00.000Z'");

/** The daemon sends the signal to itself just before it does this. */
function at(name: string, signal = 'SIGTERM'): Env {
  return { NODE_OPTIONS: `--import=${CHECKPOINTS}`, CRASH_AT: `${name}#1`, CRASH_SIGNAL: signal };
}

/** It ended by itself and in order: the last word of its log says so, and nothing is left of it. */
function expectOrderly(
  { database }: ServedAccount,
  { code, stderr, log }: Finished,
  expected = 143,
): void {
  expect({ code, stderr }).toEqual({ code: expected, stderr: '' });
  const events = log().map(({ event }) => event);
  expect(events).toContain('daemon.stopping');
  expect(events.at(-1)).toBe('daemon.stopped');
  for (const suffix of ['-wal', '-shm']) expect(existsSync(database + suffix)).toBe(false);
}

test('a signal while a page is under way: interrupted, and the next start goes on', async () => {
  const served = await serveChanged(V1);
  served.emulator.faults.add({ name: 'hang', path: V1.later });
  const daemon = startDaemon(served, envOf(V1));
  await requested(served, V1.later);
  expectOrderly(served, await daemon.stop());
  expect(lastRun(served)).toMatchObject({ status: 'interrupted', error_code: 'STOPPED' });

  served.emulator.faults.clear();
  const next = startDaemon(served, envOf(V1));
  expect(await next.logged('sync.started')).toMatchObject({ resumed_run: 2 });
  await next.logged('daemon.scheduled');
  expectOrderly(served, await next.stop('SIGINT'), 130);
  expectEqual(served);
});

describe('a signal while a run waits: interrupted', () => {
  const WAITS: readonly { what: string; fault?: FaultName; event: string; env?: Env }[] = [
    {
      what: 'for the end of a pause that the API asked for',
      fault: 'throttled-absurd',
      event: 'sync.waiting',
      env: { IMAGE_INVENTORY_DEADLINE: '0' },
    },
    {
      what: 'for room in the quota',
      event: 'sync.waiting',
      env: { IMAGE_INVENTORY_RATE_REQUESTS: '2' },
    },
    { what: 'to send a request again', fault: 'error-500', event: 'request.retry' },
  ];

  test.for(WAITS)('$what', async ({ fault, event, env }) => {
    const served = await serveAccount();
    if (fault !== undefined) served.emulator.faults.add({ name: fault, path: V1.later });
    const daemon = startDaemon(served, { ...envOf(V1), ...env });
    await daemon.logged(event);
    expectOrderly(served, await daemon.stop());
    expect(lastRun(served)).toMatchObject({ status: 'interrupted', error_code: 'STOPPED' });
  });
});

test('a signal during the commit of a run: it is complete, and nobody does it again', async () => {
  const served = await serveChanged(V1);
  const daemon = startDaemon(served, { ...envOf(V1), ...at('db: update runs end', 'SIGINT') });
  expectOrderly(served, await daemon.finished, 130);
  expect(lastRun(served)).toMatchObject({ status: 'complete' });
  expectEqual(served);
});

describe('a signal while no run is under way', () => {
  test('between two runs', async () => {
    const served = await serveAccount();
    const daemon = startDaemon(served);
    await daemon.logged('daemon.scheduled');
    expectOrderly(served, await daemon.stop());
    expect(lastRun(served)).toMatchObject({ status: 'complete' });
  });

  test('before a failed run is tried again', async () => {
    const served = await serveAccount();
    served.emulator.faults.add({ name: 'html-502' });
    const daemon = startDaemon(served, { IMAGE_INVENTORY_MAX_RETRIES: '0' });
    await daemon.logged('daemon.scheduled');
    expectOrderly(served, await daemon.stop());
    expect(lastRun(served)).toMatchObject({ status: 'incomplete' });
  });

  test('before a run that begins a while after its time', async () => {
    const served = await serveAccount();
    const daemon = startDaemon(served, {
      IMAGE_INVENTORY_RUN_ON_START: 'false',
      IMAGE_INVENTORY_SCHEDULE: EVERY_SECOND,
      IMAGE_INVENTORY_SCHEDULE_JITTER: '3600',
    });
    await daemon.logged('daemon.skipped');
    expectOrderly(served, await daemon.stop());
    expect(lastRun(served)).toBeUndefined();
  });

  test('in the middle of the housekeeping', async () => {
    const served = await serveAccount();
    await served.sync();
    await served.sync();
    age(served.database);
    const daemon = startDaemon(served, { ...TIDYING, ...at('db: update accounts') });
    const finished = await daemon.finished;
    expectOrderly(served, finished);
    expect(finished.log().find(({ event }) => event === 'daemon.tidied')).toMatchObject({
      finished: false,
    });
  });
});

describe('whoever is slow does not keep the daemon', () => {
  test('a webhook that takes a notice and does not answer', async () => {
    const receiver = await receive(silence);
    const served = await serveAccount();
    await served.sync();
    change(served);
    const daemon = startDaemon(served, {
      IMAGE_INVENTORY_WEBHOOK_URL: receiver.url,
      IMAGE_INVENTORY_WEBHOOK_SECRET: 'a-long-secret',
    });
    await receiver.arrived(1);
    const finished = await daemon.stop();
    expect(finished.log().find(({ event }) => event === 'webhook.dropped')).toMatchObject({
      reason: 'closed',
      count: 1,
    });
    expectOrderly(served, finished);
  });

  test('a client that sends half a request and keeps its connection', async () => {
    const served = await serveAccount();
    const port = await freePort();
    const daemon = startDaemon(served, { IMAGE_INVENTORY_HTTP_PORT: String(port) });
    await daemon.logged('daemon.scheduled');
    const { socket, end } = await halfRequest(port);
    expectOrderly(served, await daemon.stop());
    await end;
    socket.destroy();
  });
});

test('a signal before the first run has begun', async () => {
  const served = await serveAccount();
  const daemon = startDaemon(served);
  await daemon.logged('daemon.started');
  expectOrderly(served, await daemon.stop());
});

/** Resolves when the emulator is asked for such a path. */
async function requested({ emulator }: ServedAccount, path: RegExp): Promise<void> {
  for (let asked = ''; !path.test(asked);) {
    [, asked] = (await once(emulator, 'request')) as [string, string];
  }
}

async function halfRequest(
  port: number,
): Promise<{ socket: ReturnType<typeof connect>; end: Promise<unknown> }> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  const end = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => undefined);
  socket.write('GET /metrics HTTP/1.1\r\nHost: a\r\n');
  return { socket, end };
}
