import { Counter, Gauge, Histogram, type Registry } from '@prometheus-io/client';

/** What is asked for whenever the figures are read. What it throws fails the reading. */
export interface Readings {
  /** How many requests may still be sent: the least of what the own window and the API leave. */
  readonly requestsLeft: () => number;
  readonly databaseBytes: () => { readonly database: number; readonly wal: number };
}

/** Everything that this program measures of itself, each under the name that dashboards go by. */
export type Instruments = ReturnType<typeof createInstruments>;

/** From one page of a small account to the longest run that the default deadline allows, in seconds. */
const RUN_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200];

/** Registers the instruments, those that ask for a reading as well. */
export function createInstruments(registry: Registry, { requestsLeft, databaseBytes }: Readings) {
  const named = <Label extends string>(name: string, help: string, labelNames: Label[] = []) => ({
    name: `image_inventory_${name}`,
    help,
    labelNames,
    registers: [registry],
  });
  new Gauge({
    ...named(
      'rate_limit_remaining',
      'Requests that may still be sent: the least of what the own window and the API leave.',
    ),
    collect() {
      this.set(requestsLeft());
    },
  });
  new Gauge({
    ...named('database_bytes', 'Size of the database and of its write-ahead log.', ['file']),
    collect() {
      const { database, wal } = databaseBytes();
      this.set({ file: 'database' }, database);
      this.set({ file: 'wal' }, wal);
    },
  });
  return {
    runs: new Counter(
      named('runs_total', 'Runs that have ended, by how.', ['account_id', 'status']),
    ),
    duration: new Histogram({
      ...named('run_duration_seconds', 'How long runs took, whatever became of them.'),
      buckets: RUN_SECONDS,
    }),
    lastSuccess: new Gauge(
      named('last_success_timestamp_seconds', 'When the last complete full run ended.', [
        'account_id',
      ]),
    ),
    nextRun: new Gauge(
      named('next_run_timestamp_seconds', 'When the next run is due.', ['account_id']),
    ),
    failures: new Gauge(
      named(
        'consecutive_failures',
        'Runs that failed since the last complete one, of the kind of run that failed most.',
        ['account_id'],
      ),
    ),
    images: new Gauge(
      named('images', 'Images that are there, and images that are gone.', ['account_id', 'state']),
    ),
    changes: new Counter(
      named('changes_total', 'Changes that runs have published.', ['account_id', 'kind']),
    ),
    httpRequests: new Counter(
      named(
        'http_requests_total',
        'Requests to the API, retries included, by the status of the answer.',
        ['status'],
      ),
    ),
    httpRetries: new Counter(
      named('http_retries_total', 'Requests to the API that were sent again.'),
    ),
    deliveries: new Counter(
      named('webhook_deliveries_total', 'Messages for the webhook, by what became of them.', [
        'result',
      ]),
    ),
    buildInfo: new Gauge(named('build_info', 'Which version runs; always 1.', ['version'])),
  };
}
