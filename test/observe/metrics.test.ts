import { describe, expect, test } from 'vitest';
import { syncAccounts } from '../../src/app/sync-accounts.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Counts } from '../../src/inventory/change.ts';
import { Failure, type FailureCode } from '../../src/inventory/failure.ts';
import { Metrics } from '../../src/observe/metrics.ts';
import type { RunEvent } from '../../src/sync/events.ts';
import type { RunMode } from '../../src/sync/ports/stage.ts';
import { endingOf } from '../../src/sync/ending.ts';
import { parseExposition, type Family } from '../support/exposition.ts';
import { ACCOUNT } from '../support/program.ts';
import { checkMetrics, promtool } from '../support/promtool.ts';
import { serveAccount } from '../support/served-account.ts';
import { openTestSession } from '../support/session.ts';

const NOW = Date.UTC(2026, 0, 1);
const COUNTS: Counts = { listed: 9, added: 1, changed: 2, removed: 3, restored: 4, unchanged: 2 };
const USAGE = { requests: 1, retries: 0 };

function createMetrics(): Metrics {
  return new Metrics({
    version: '1.2.3',
    now: () => NOW,
    requestsLeft: () => 987,
    databaseBytes: () => ({ database: 4096, wal: 512 }),
  });
}

/** Figures of the account `acc`, after these events. */
async function figuresAfter(...events: readonly RunEvent[]): Promise<Figures> {
  const metrics = createMetrics();
  metrics.addAccount('acc', { present: 5, removed: 1 }, undefined);
  for (const event of events) metrics.observe('acc')(event);
  return figuresOf(metrics);
}

interface Figures {
  readonly families: Map<string, Family>;
  /** The value of one line: `name{label=value,…}` without the prefix. */
  readonly value: (line: string) => number | undefined;
}

async function figuresOf(metrics: Metrics): Promise<Figures> {
  const families = parseExposition(await metrics.render());
  const lines = [...families.values()].flatMap(({ samples }) =>
    samples.map(({ name, labels, value }) => {
      const told = Object.entries(labels).map(([label, text]) => `${label}=${text}`);
      return [name + (told.length === 0 ? '' : `{${told.join()}}`), value] as const;
    }),
  );
  const values = new Map(lines);
  return { families, value: (line) => values.get(`image_inventory_${line}`) };
}

function finished(mode: RunMode = 'full', isBaseline = false): RunEvent {
  return { type: 'sync.finished', mode, isBaseline, counts: COUNTS, usage: USAGE, durationMs: 700 };
}

function ended(code: FailureCode): RunEvent {
  const failure = new Failure(code, 'no');
  return { type: endingOf(code).type, failure, listed: 0, usage: USAGE, durationMs: 90_000 };
}

const FAMILIES: Readonly<Record<string, readonly [type: string, labels: readonly string[]]>> = {
  runs_total: ['counter', ['account_id', 'status']],
  run_duration_seconds: ['histogram', []],
  last_success_timestamp_seconds: ['gauge', ['account_id']],
  images: ['gauge', ['account_id', 'state']],
  changes_total: ['counter', ['account_id', 'kind']],
  http_requests_total: ['counter', ['status']],
  http_retries_total: ['counter', []],
  rate_limit_remaining: ['gauge', []],
  build_info: ['gauge', ['version']],
  consecutive_failures: ['gauge', ['account_id']],
  next_run_timestamp_seconds: ['gauge', ['account_id']],
  database_bytes: ['gauge', ['file']],
  webhook_deliveries_total: ['counter', ['result']],
};

describe('the figures', () => {
  const filled = createMetrics();
  filled.addAccount('acc', { present: 5, removed: 1 }, NOW - 1000);
  filled.setNextRun('acc', NOW + 500);

  test('are those that are promised, with their labels, and the process’s own', async () => {
    const { families } = await figuresOf(filled);
    const own = [...families].filter(([name]) => name.startsWith('image_inventory_'));
    const told = own.map(([name, { type, samples }]) => {
      const labels = new Set(samples.flatMap((sample) => Object.keys(sample.labels)));
      labels.delete('le');
      return [name.replace('image_inventory_', ''), [type, [...labels].sort()]];
    });
    expect(Object.fromEntries(told)).toEqual(FAMILIES);
    const others = [...families.keys()].filter((name) => !name.startsWith('image_inventory_'));
    expect(others).toEqual(
      expect.arrayContaining(['process_resident_memory_bytes', 'nodejs_eventloop_lag_seconds']),
    );
  });

  test('are what was asked for', async () => {
    const { value } = await figuresOf(filled);
    expect(value('rate_limit_remaining')).toBe(987);
    expect(value('database_bytes{file=database}')).toBe(4096);
    expect(value('database_bytes{file=wal}')).toBe(512);
    expect(value('build_info{version=1.2.3}')).toBe(1);
    expect(value('last_success_timestamp_seconds{account_id=acc}')).toBe(NOW / 1000 - 1);
    expect(value('next_run_timestamp_seconds{account_id=acc}')).toBe(NOW / 1000 + 0.5);
    expect(value('images{account_id=acc,state=present}')).toBe(5);
    expect(value('images{account_id=acc,state=removed}')).toBe(1);
  });

  test.skipIf(promtool === undefined)(
    'find no fault with promtool (skipped where there is none: .ci/promtool fetches it)',
    async () => {
      expect(checkMetrics(await filled.render())).toEqual({ code: 0, said: '' });
      expect(checkMetrics('# TYPE wrong_total gauge\nwrong_total 1\n').code).not.toBe(0);
    },
  );

  test('begin at 0, so that the first event is an increase', async () => {
    const { value } = await figuresAfter();
    for (const status of ['complete', 'incomplete', 'held', 'failed', 'interrupted']) {
      expect(value(`runs_total{account_id=acc,status=${status}}`)).toBe(0);
    }
    for (const kind of ['added', 'changed', 'removed', 'restored']) {
      expect(value(`changes_total{account_id=acc,kind=${kind}}`)).toBe(0);
    }
    for (const status of ['200', '429', '503', 'error']) {
      expect(value(`http_requests_total{status=${status}}`)).toBe(0);
    }
    for (const result of ['delivered', 'failed', 'dropped']) {
      expect(value(`webhook_deliveries_total{result=${result}}`)).toBe(0);
    }
    expect(value('http_retries_total')).toBe(0);
    expect(value('consecutive_failures{account_id=acc}')).toBe(0);
    expect(value('last_success_timestamp_seconds{account_id=acc}')).toBeUndefined();
  });
});

describe('a complete run', () => {
  test('is counted, with its duration and its changes', async () => {
    const { value } = await figuresAfter(finished(), finished());
    expect(value('runs_total{account_id=acc,status=complete}')).toBe(2);
    expect(value('run_duration_seconds_bucket{le=0.5}')).toBe(0);
    expect(value('run_duration_seconds_bucket{le=1}')).toBe(2);
    expect(value('run_duration_seconds_sum')).toBe(1.4);
    expect(value('last_success_timestamp_seconds{account_id=acc}')).toBe(NOW / 1000);
    expect(value('changes_total{account_id=acc,kind=added}')).toBe(2);
    expect(value('changes_total{account_id=acc,kind=changed}')).toBe(4);
    expect(value('changes_total{account_id=acc,kind=removed}')).toBe(6);
    expect(value('changes_total{account_id=acc,kind=restored}')).toBe(8);
  });

  test('that is a baseline has no changes, as in the table', async () => {
    const { value } = await figuresAfter(finished('full', true));
    expect(value('last_success_timestamp_seconds{account_id=acc}')).toBe(NOW / 1000);
    expect(value('changes_total{account_id=acc,kind=added}')).toBe(0);
  });

  test('that is quick has changes, and vouches for no whole account', async () => {
    const { value } = await figuresAfter(finished('quick'));
    expect(value('last_success_timestamp_seconds{account_id=acc}')).toBeUndefined();
    expect(value('changes_total{account_id=acc,kind=added}')).toBe(1);
  });

  test('that is dry leaves nothing', async () => {
    const { value } = await figuresAfter(finished('dry-run'));
    expect(value('last_success_timestamp_seconds{account_id=acc}')).toBeUndefined();
    expect(value('changes_total{account_id=acc,kind=added}')).toBe(0);
  });
});

test.for([
  ['HELD', 'held'],
  ['STOPPED', 'interrupted'],
  ['RATE_LIMITED', 'incomplete'],
  ['ACCESS_REFUSED', 'failed'],
] as const)('a run that ends with %s is counted as %s', async ([code, status]) => {
  const { families, value } = await figuresAfter(ended(code));
  const runs = families.get('image_inventory_runs_total')?.samples ?? [];
  expect(runs.filter(({ value }) => value > 0).map(({ labels }) => labels['status'])).toEqual([
    status,
  ]);
  expect(value('run_duration_seconds_bucket{le=60}')).toBe(0);
  expect(value('run_duration_seconds_bucket{le=120}')).toBe(1);
  expect(value('last_success_timestamp_seconds{account_id=acc}')).toBeUndefined();
});

test('requests are counted by their status, and retries', async () => {
  const { value } = await figuresAfter(
    { type: 'request.finished', status: 429 },
    { type: 'request.finished', status: 418 },
    { type: 'request.finished', status: undefined },
    {
      type: 'request.retry',
      ...{ attempt: 1, waitMs: 1, status: 429, reason: 'secret', cfRay: undefined },
    },
  );
  expect(value('http_requests_total{status=429}')).toBe(1);
  expect(value('http_requests_total{status=418}')).toBe(1);
  expect(value('http_requests_total{status=error}')).toBe(1);
  expect(value('http_retries_total')).toBe(1);
});

test('what the caller tells is shown, and an account that is taken away leaves nothing', async () => {
  const metrics = createMetrics();
  metrics.addAccount('stays', { present: 1, removed: 0 }, NOW);
  metrics.addAccount('goes', { present: 1, removed: 0 }, NOW);
  metrics.setImages('goes', { present: 7, removed: 8 });
  metrics.setConsecutiveFailures('goes', 3);
  metrics.setNextRun('goes', NOW);
  metrics.countDeliveries('dropped', 1);
  const { value } = await figuresOf(metrics);
  expect(value('images{account_id=goes,state=removed}')).toBe(8);
  expect(value('consecutive_failures{account_id=goes}')).toBe(3);
  expect(value('webhook_deliveries_total{result=dropped}')).toBe(1);
  metrics.setNextRun('goes', undefined);
  expect((await figuresOf(metrics)).value('next_run_timestamp_seconds{account_id=goes}')).toBe(
    undefined,
  );
  metrics.setNextRun('goes', NOW);
  metrics.removeAccount('goes');
  // Its last run is stopped only after that.
  metrics.observe('goes')({
    type: 'sync.incomplete',
    failure: new Failure('STOPPED', 'stopped before its end'),
    listed: 0,
    usage: { requests: 1, retries: 0 },
    durationMs: 5,
  });
  metrics.countUnbegunRun('goes');
  metrics.countUnbegunRun('stays');
  expect((await figuresOf(metrics)).value('runs_total{account_id=stays,status=failed}')).toBe(1);
  expect(await metrics.render()).not.toContain('goes');
  expect((await figuresOf(metrics)).value('images{account_id=stays,state=present}')).toBe(1);
});

test('runs of a real account are counted, and nothing of an image is in any label', async () => {
  const { env, account, emulator } = await serveAccount({ images: 20 });
  const mark = 'MARK-OF-AN-IMAGE';
  const { session } = openTestSession(env);
  const metrics = createMetrics();
  metrics.addAccount(ACCOUNT, { present: 0, removed: 0 }, undefined);
  const sync = async (): Promise<void> => {
    const context = { ...session.context, watch: () => metrics.observe(ACCOUNT) };
    const options = { mode: 'full', allowMassRemoval: false, mayResume: true } as const;
    const accounts = loadConfig({}, env).accounts();
    await syncAccounts(context, accounts, options, new AbortController().signal);
  };
  account.upload({ id: `${mark}/gone`, filename: mark, creator: mark, meta: { mark } });
  await sync();
  account.upload({ id: `${mark}/new`, filename: mark, creator: mark, meta: { mark } });
  account.delete(`${mark}/gone`);
  await sync();

  const { value } = await figuresOf(metrics);
  expect(value(`runs_total{account_id=${ACCOUNT},status=complete}`)).toBe(2);
  expect(value(`changes_total{account_id=${ACCOUNT},kind=added}`)).toBe(1);
  expect(value(`changes_total{account_id=${ACCOUNT},kind=removed}`)).toBe(1);
  const answers =
    (value('http_requests_total{status=200}') ?? 0) +
    (value('http_requests_total{status=404}') ?? 0);
  expect(answers).toBe(emulator.requests.length);
  expect(await metrics.render()).not.toContain(mark);
});
