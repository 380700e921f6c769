import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { FaultName } from '../../src/emulator/choices.ts';
import { serveAccount } from '../support/served-account.ts';
import {
  change,
  envOf,
  expectEqual,
  expectNothingStaged,
  lastRun,
  LISTS,
  published,
  serveChanged,
  strikeForEver,
  strikeOnce,
} from '../support/strike.ts';

/** Answers that asking again may mend, and what the ledger says of a run that they ended. */
const PASSING: readonly (readonly [FaultName, string])[] = [
  ['error-500', 'API_ERROR'],
  ['error-200', 'BAD_ANSWER'],
  ['html-200', 'BAD_ANSWER'],
  ['html-403', 'BAD_ANSWER'],
  ['html-502', 'API_ERROR'],
  ['html-520', 'API_ERROR'],
  ['null-result', 'BAD_ANSWER'],
  ['images-object', 'BAD_ANSWER'],
  ['no-id', 'BAD_ANSWER'],
  ['success-string', 'BAD_ANSWER'],
  ['truncated', 'BAD_ANSWER'],
  ['empty-body', 'BAD_ANSWER'],
  ['gzip-lies', 'BAD_ANSWER'],
];

/** Answers that are final the first time. */
const FINAL: readonly (readonly [FaultName, string, exitCode: number])[] = [
  ['forbidden', 'ACCESS_REFUSED', 6],
  ['no-route', 'ROUTE_REFUSED', 6],
  ['redirect', 'API_ERROR', 3],
  ['gone', 'API_GONE', 3],
  ['huge', 'ANSWER_TOO_LARGE', 3],
];

/** What was being done, what came back, and what to do next. */
const TWO_LINES = /^image-inventory: page \d of the list: .+\n {2}\S.+\n$/;

describe.for(LISTS)('a page of the $api list is believed only when it proved to be one', (list) => {
  test.for(PASSING)(
    '%s: once, tried again and complete; for ever, incomplete',
    async ([name, code]) => {
      const served = await serveAccount({ images: 35 });
      const once = await strikeOnce(served, name, list);
      expect(once.ledger).toMatchObject({ status: 'complete', retries: 1 });
      const retry = once.log().find(({ event }) => event === 'request.retry');
      expect(retry).toMatchObject({ level: 'warn', attempt: 1 });

      change(served);
      const run = await strikeForEver(served, name, list, { IMAGE_INVENTORY_MAX_RETRIES: '1' });
      expect(run.code).toBe(3);
      expect(run.stderr).toMatch(TWO_LINES);
      expect(run.ledger).toMatchObject({ status: 'incomplete', error_code: code, retries: 1 });
      expect(run.stderr).toContain(String(run.ledger?.['error_message']));
    },
  );

  test.for(FINAL)('%s: not asked for again', async ([name, code, exitCode]) => {
    const run = await strikeForEver(await serveChanged(list), name, list);
    expect(run.code).toBe(exitCode);
    expect(run.stderr).toMatch(TWO_LINES);
    expect(run.ledger).toMatchObject({ error_code: code, retries: 0 });
  });

  test('JSON that is said to be HTML is read as what it is', async () => {
    const { ledger } = await strikeOnce(await serveChanged(list), 'wrong-type', list);
    expect(ledger).toMatchObject({ retries: 0, removed: 3 });
  });

  test('an empty page, once: doubted, and complete', async () => {
    const { ledger } = await strikeOnce(await serveChanged(list), 'empty-list', list);
    expect(ledger).toMatchObject({ removed: 3 });
  });

  test('a list that ends too early for ever: every image is asked for by its id, and only what is gone goes', async () => {
    const served = await serveChanged(list);
    served.emulator.faults.add({ name: 'empty-list', path: list.later });
    const { code, log } = await served.sync([], envOf(list));
    expect(code).toBe(0);
    expect(log().find(({ event }) => event === 'sync.mismatch')).toMatchObject({ listed: 10 });
    expect(lastRun(served)).toMatchObject({ status: 'complete', removed: 3 });

    served.emulator.faults.clear();
    expect((await served.sync([], envOf(list))).code).toBe(0);
    expectEqual(served);
  });

  test('a list that ends too early, of which too much is missing to ask for each: incomplete', async () => {
    const run = await strikeForEver(await serveChanged(list), 'empty-list', list, {
      // More than are gone, so that one of the sample is alive.
      IMAGE_INVENTORY_REMOVAL_CONFIRM_REQUESTS: '10',
    });
    expect(run.code).toBe(3);
    expect(run.ledger).toMatchObject({ error_code: 'LIST_INCONSISTENT' });
  });

  test('a first list that ends too early: published with a warning, mended by the next run', async () => {
    const served = await serveAccount({ images: 35 });
    served.emulator.faults.add({ name: 'empty-list', path: list.later });
    const first = await served.sync([], envOf(list));
    expect(first.code).toBe(0);
    expect(first.log().find(({ event }) => event === 'sync.mismatch')).toMatchObject({
      level: 'warn',
      listed: 10,
      expected: 35,
    });

    served.emulator.faults.clear();
    expect((await served.sync([], envOf(list))).code).toBe(0);
    expectEqual(served);
  });

  test('a list without end: read until the deadline, then dropped', async () => {
    const served = await serveChanged(list);
    const before = published(served);
    let pages = 0;
    const server = createServer((request, response) => {
      const isList = request.url?.includes('per_page=') === true;
      pages += Number(isList);
      const images = Array.from({ length: 10 }, (_, n) => ({ id: `made-up-${pages}-${n}` }));
      const list = { images, continuation_token: `token-${pages}` };
      const result = isList ? list : { count: { current: 10 } };
      response.end(JSON.stringify({ success: true, errors: [], messages: [], result }));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    const { port } = server.address() as AddressInfo;
    const { code } = await served.sync([], {
      ...envOf(list),
      CLOUDFLARE_BASE_URL: `http://127.0.0.1:${port}/client/v4`,
      IMAGE_INVENTORY_RATE_REQUESTS: '1000000',
      IMAGE_INVENTORY_DEADLINE: '1.5',
    });
    expect(code).toBe(3);
    expect(lastRun(served)).toMatchObject({ status: 'incomplete', error_code: 'DEADLINE' });
    expect(published(served)).toEqual(before);
    expectNothingStaged(served);
  });

  test('the statistics may fail in every way that the list may not', async () => {
    const served = await serveChanged(list);
    served.emulator.faults.add({ name: 'null-result', path: /stats/ });
    expect((await served.sync([], envOf(list))).code).toBe(0);
    expectEqual(served);
  });
});

test('an empty page before one with images, for ever: incomplete', async () => {
  const [list] = LISTS;
  const served = await serveChanged(list);
  const before = published(served);
  served.emulator.faults.add({ name: 'empty-list', path: /page=2&/ });
  const env = { ...envOf(list), IMAGE_INVENTORY_CONCURRENCY: '4' };
  const { code, stderr } = await served.sync([], env);
  expect(code).toBe(3);
  expect(stderr).toContain('page 2 of the list was empty');
  expect(published(served)).toEqual(before);
});

test.for(LISTS)('an answer of 300 MB is not taken in ($api)', async (list) => {
  const served = await serveChanged(list);
  served.emulator.faults.add({ name: 'huge', path: list.later });
  const preload = fileURLToPath(new URL('../support/peak-memory.ts', import.meta.url));
  const peak = join(served.folder, 'peak');
  const env = { NODE_OPTIONS: `--import=${preload}`, PEAK_FILE: peak };
  expect((await served.sync([], { ...envOf(list), ...env })).code).toBe(3);
  expect(Number(readFileSync(peak, 'utf8'))).toBeLessThan(256 * 1024 * 1024);
});
