import { describe, expect, test } from 'vitest';
import { Connections, type Connection } from '../../src/app/connect.ts';
import { runAccount } from '../../src/app/sync-accounts.ts';
import { systemClock } from '../../src/app/system-clock.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { RunEvent } from '../../src/sync/events.ts';
import { query } from '../support/inventory.ts';
import { limitsOf } from '../support/open-source.ts';
import type { Env } from '../support/program.ts';
import { serveAccount } from '../support/served-account.ts';
import { openTestSession } from '../support/session.ts';
import { watchSockets } from '../support/sockets.ts';

const RUN = { mode: 'full', allowMassRemoval: true, mayResume: true } as const;
const never = new AbortController().signal;

const portOf = ({ CLOUDFLARE_BASE_URL: url = '' }: Env): string => new URL(url).port;
const ask = ({ client }: Connection) =>
  client.get('the token', '/user/tokens/verify', { read: (result) => result }, limitsOf());

/** Connections of one account, and the configuration that they were made with. */
async function connected(more: Env = {}) {
  const served = await serveAccount({ images: 3 });
  const configOf = (env: Env) => {
    const config = loadConfig({}, { ...served.env, ...more, ...env });
    return { settings: config.settings, accounts: config.accounts() };
  };
  const { settings, accounts } = configOf({});
  const [account] = accounts;
  if (account === undefined) throw new Error('no account');
  const connections = new Connections(settings, systemClock);
  const told: RunEvent[] = [];
  const open = (): Connection => connections.open(account, (event) => void told.push(event));
  return { ...served, connections, configOf, settings, account, told, open };
}

test('a run under way ends on the connection it began with; the next one has the new settings', async () => {
  const sockets = watchSockets();
  const before = await serveAccount({ images: 40 });
  const after = await serveAccount({ images: 3, seed: 2 });
  const { session, close } = openTestSession({ ...before.env, IMAGE_INVENTORY_PER_PAGE: '10' });
  const { context } = session;
  const config = loadConfig({}, { ...after.env, IMAGE_INVENTORY_TIMEOUT: '5' });
  const { settings } = config;
  const accounts = config.accounts();
  const [account] = accounts;
  if (account === undefined) throw new Error('no account');

  let applied: Promise<void> | undefined;
  before.emulator.on('request', (_method, path) => {
    if (path.includes('page=2')) applied ??= context.connections.apply(settings, accounts);
  });
  const first = await runAccount(context, account, RUN, never);
  await applied;
  expect(applied).toBeDefined();
  expect(first).toMatchObject({ counts: { listed: 40 }, failure: undefined });
  expect(after.emulator.requests).toEqual([]);
  expect(sockets()).toEqual([]);

  const asked = before.emulator.requests.length;
  const second = await runAccount({ ...context, settings }, account, RUN, never);
  expect(second).toMatchObject({ counts: { listed: 3, removed: 40 }, failure: undefined });
  expect(before.emulator.requests).toHaveLength(asked);
  expect(query(before.database, 'SELECT id FROM images')).toHaveLength(3);
  expect(sockets()).toEqual([portOf(after.env)]);
  await close();
  expect(sockets()).toEqual([]);
});

describe('new settings', () => {
  test('do not forget what was sent within the interval', async () => {
    const { connections, configOf, account, open } = await connected({
      IMAGE_INVENTORY_RATE_REQUESTS: '10',
    });
    await using connection = open();
    for (let n = 0; n < 4; n += 1) await ask(connection);
    expect(connection.pacer.remaining).toBe(6);
    const wider = configOf({
      IMAGE_INVENTORY_RATE_REQUESTS: '20',
      IMAGE_INVENTORY_CONCURRENCY: '9',
    });
    await connections.apply(wider.settings, [account]);
    await using next = open();
    expect(next.pacer.remaining).toBe(16);
    await connection[Symbol.asyncDispose]();
    await using another = open();
    expect(another.pacer).toBe(next.pacer);
    expect(another.pacer.remaining).toBe(16);
    await next[Symbol.asyncDispose]();
    await another[Symbol.asyncDispose]();
    await connections.close();
  });

  test('that change nothing keep the sockets', async () => {
    const sockets = watchSockets();
    const { connections, settings, account, open, env } = await connected();
    const connection = open();
    await ask(connection);
    await connection[Symbol.asyncDispose]();
    await connections.apply(settings, [account]);
    expect(sockets()).toEqual([portOf(env)]);
    await connections.close();
    expect(sockets()).toEqual([]);
  });

  test.for([
    ['address', { CLOUDFLARE_BASE_URL: 'http://127.0.0.1:9' }],
    ['timeout', { IMAGE_INVENTORY_TIMEOUT: '7' }],
    ['page size', { IMAGE_INVENTORY_PER_PAGE: '77' }],
    ['concurrency', { IMAGE_INVENTORY_CONCURRENCY: '7' }],
    ['credentials', { CLOUDFLARE_API_TOKEN: 'another-token-of-the-same-account' }],
  ] as const)('with another %s close at once what nobody uses', async ([, env]) => {
    const sockets = watchSockets();
    const { connections, configOf, open } = await connected();
    const connection = open();
    await ask(connection);
    await connection[Symbol.asyncDispose]();
    expect(sockets()).toHaveLength(1);
    const { settings, accounts } = configOf(env);
    await connections.apply(settings, accounts);
    expect(sockets()).toEqual([]);
    await connections.close();
  });

  test('without an account let its user go when the last run has ended, not before', async () => {
    const sockets = watchSockets();
    const { connections, settings, open } = await connected();
    const one = open();
    const other = open();
    await ask(one);
    await connections.apply(settings, []);
    await one[Symbol.asyncDispose]();
    await ask(other);
    expect(sockets()).toHaveLength(1);
    const late = open();
    expect(late.pacer).toBe(other.pacer);
    await other[Symbol.asyncDispose]();
    await late[Symbol.asyncDispose]();
    expect(sockets()).toEqual([]);
    const anew = open();
    expect(anew.pacer).not.toBe(other.pacer);
    await anew[Symbol.asyncDispose]();
    await connections.close();
  });
});

test('a run that has ended is told of no more waits', async () => {
  const { connections, told, open } = await connected();
  const ended = open();
  const other = open();
  await ended[Symbol.asyncDispose]();
  other.pacer.pause(1000, 'throttled');
  expect(told.map(({ type }) => type)).toEqual(['sync.waiting']);
  await other[Symbol.asyncDispose]();
  await connections.close();
});
