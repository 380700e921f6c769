import { readdirSync } from 'node:fs';
import { Writable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { runDaemon } from '../../src/app/daemon.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { EmulatedAccount } from '../../src/emulator/account.ts';
import { FAULT_NAMES } from '../../src/emulator/choices.ts';
import type { FaultPlan } from '../../src/emulator/faults.ts';
import { verifyInventory } from '../../src/store/verify/verify.ts';
import { mutate } from '../properties/mutations.ts';
import { accountAsApi, imagesAsApi, query } from '../support/inventory.ts';
import { watchRequests } from '../support/open-requests.ts';
import { ACCOUNT, type LogLine } from '../support/program.ts';
import { seededRandom, type Random } from '../support/random.ts';
import { serveAccount } from '../support/served-account.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const HOUR = 3_600_000;
/** A year of New York begins five hours after that of UTC, and has 8,760 hours like any other. */
const START = Date.UTC(2026, 0, 1, 5);
const HOURS = 8760;
const MONTH = 730;

/** What a bad day brings. Faults that only a request's own timeout ends are left out: that goes by the real clock. */
const FAULTS = FAULT_NAMES.filter(
  (name) => !/^(hang|drip|huge|throttled-date|throttled-absurd)/.test(name),
);

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What this process holds on to. */
function holdings(): { readonly heapMb: number; readonly rssMb: number; readonly files: number } {
  collectGarbage();
  const { heapUsed, rss } = process.memoryUsage();
  const files = readdirSync('/proc/self/fd').length;
  return { heapMb: Math.round(heapUsed / 1e6), rssMb: Math.round(rss / 1e6), files };
}

/** A log that only counts its lines, by event. */
function countingLog(): { readonly output: Writable; readonly count: (event: string) => number } {
  const counts = new Map<string, number>();
  const output = new Writable({
    decodeStrings: false,
    write: (text: string, _encoding, done) => {
      const { event } = JSON.parse(text) as LogLine;
      counts.set(event, (counts.get(event) ?? 0) + 1);
      done();
    },
  });
  return { output, count: (event) => counts.get(event) ?? 0 };
}

/** Every fifth day is a bad one; the account changes once in a while. */
function live(hour: number, account: EmulatedAccount, faults: FaultPlan, random: Random): void {
  if (hour % 24 === 0) faults.clear();
  const isBadDay = Math.floor(hour / 24) % 5 === 3;
  if (isBadDay && random.below(3) === 0) {
    faults.add({ name: random.pick(FAULTS), times: 1 + random.below(12) });
  }
  if (random.below(20) > 0) return;
  const kind = random.pick(['upload', 'delete', 'patch'] as const);
  mutate(account, { kind, seed: random.below(1_000_000) }, []);
}

test('a year of hours, with bad days, summer time and an account that changes', async () => {
  const seed = Number(process.env['YEAR_SEED'] ?? Date.now() % 1_000_000);
  const random = seededRandom(seed);
  const { emulator, account, env, database } = await serveAccount({ images: 30, seed });
  const { settled } = watchRequests();
  const clock = new VirtualClock(START);
  const { output, count } = countingLog();
  const settings = {
    ...env,
    IMAGE_INVENTORY_TIMEZONE: 'America/New_York',
    IMAGE_INVENTORY_RUN_ON_START: 'false',
    IMAGE_INVENTORY_RETENTION_DAYS: '30',
    IMAGE_INVENTORY_LOG_LEVEL: 'debug',
  };
  const stop = new AbortController();
  const ended = runDaemon({
    load: () => loadConfig({}, settings),
    output,
    signal: stop.signal,
    onReload: () => undefined,
    clock,
  });

  /** Runs by the hour on which they began, all of them on the minute. */
  const begun = new Map<number, number>();
  const held: ReturnType<typeof holdings>[] = [];
  let lastRun = 0;
  for (let hour = 1; hour <= HOURS; hour += 1) {
    if (hour === HOURS) emulator.faults.clear();
    else live(hour, account, emulator.faults, random);
    do await settled();
    while (clock.step(hour * HOUR));
    await settled();
    const fresh = `SELECT run_id, started_at FROM runs WHERE run_id > ${lastRun}`;
    for (const { run_id: runId, started_at: startedAt } of query(database, fresh)) {
      lastRun = Number(runId);
      const at = Date.parse(String(startedAt));
      if (at === START + hour * HOUR) begun.set(hour, (begun.get(hour) ?? 0) + 1);
    }
    emulator.requests.length = 0;
    if (hour % MONTH === 0) held.push(holdings());
  }
  stop.abort();
  await ended;

  const events = ['sync.finished', 'sync.incomplete', 'sync.failed', 'sync.held', 'request.retry'];
  events.push('daemon.failing', 'daemon.recovered', 'daemon.skipped', 'daemon.tidied');
  const told = events.map((event) => `${event} ${count(event)}`).join(', ');
  const months = held.map(({ heapMb, rssMb, files }) => `${heapMb}/${rssMb} MB ${files} files`);
  process.stdout.write(`YEAR_SEED=${seed}: ${told}\nby month: ${months.join(', ')}\n`);

  // Each tick began a run, or was left out with a word: after the account was refused, or beside a retry.
  expect([...begun.values()].every((runs) => runs === 1)).toBe(true);
  expect(begun.size + count('daemon.skipped')).toBe(HOURS);
  expect(count('daemon.tidied')).toBe(365);
  // The bad days were bad, and are over.
  expect(count('sync.incomplete')).toBeGreaterThan(50);
  expect(count('daemon.recovered')).toBeGreaterThan(20);
  expect(imagesAsApi(database, ACCOUNT)).toEqual(accountAsApi(account.all()));
  const { checks } = verifyInventory(database, undefined);
  expect(checks.flatMap(({ findings }) => findings)).toEqual([]);
  // Flat: what the first month left behind is what the last one does, give or take a connection, or the thread that the
  // first large page starts. What leaks once a week would show.
  const [first, last] = [held[0], held.at(-1)];
  expect(last?.files).toBeLessThanOrEqual((first?.files ?? 0) + 10);
  expect(last?.heapMb).toBeLessThanOrEqual((first?.heapMb ?? 0) + 5);
}, 900_000);
