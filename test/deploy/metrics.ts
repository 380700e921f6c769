import { Metrics } from '../../src/observe/metrics.ts';

/** The daemon's metrics with their labels: what alerts and the dashboard may rely on. */
export const METRICS: Readonly<Record<string, readonly string[]>> = {
  image_inventory_build_info: ['version'],
  image_inventory_changes_total: ['account_id', 'kind'],
  image_inventory_consecutive_failures: ['account_id'],
  image_inventory_database_bytes: ['file'],
  image_inventory_http_requests_total: ['status'],
  image_inventory_http_retries_total: [],
  image_inventory_images: ['account_id', 'state'],
  image_inventory_last_success_timestamp_seconds: ['account_id'],
  image_inventory_next_run_timestamp_seconds: ['account_id'],
  image_inventory_rate_limit_remaining: [],
  image_inventory_run_duration_seconds: ['le'],
  image_inventory_runs_total: ['account_id', 'status'],
  image_inventory_webhook_deliveries_total: ['result'],
};

/** Those of the process, as every Prometheus client has them. */
export const PROCESS_METRICS: readonly string[] = [
  'process_cpu_seconds_total',
  'process_resident_memory_bytes',
  'process_start_time_seconds',
];

/** What Prometheus adds to every series that it scrapes. */
const SCRAPED: readonly string[] = ['job', 'instance'];

/** The metrics that the program really serves, with their labels. */
export async function servedMetrics(): Promise<Readonly<Record<string, string[]>>> {
  const metrics = new Metrics({
    version: '0',
    now: () => 0,
    requestsLeft: () => 0,
    databaseBytes: () => ({ database: 0, wal: 0 }),
  });
  metrics.addAccount('a1', { present: 0, removed: 0 }, 0);
  metrics.setNextRun('a1', 0);
  return labelsByName(await metrics.render());
}

/** The metrics of a text in Prometheus's format. */
function labelsByName(text: string): Record<string, string[]> {
  const names = [...text.matchAll(/^# TYPE (\w+)/gm)].map(([, name = '']) => name);
  return Object.fromEntries(
    names.map((name) => {
      const samples = text.matchAll(new RegExp(`^${name}(?:_bucket)?\\{([^}]*)\\}`, 'gm'));
      const labels = [...samples].flatMap(([, list = '']) => list.match(/\w+(?==")/g) ?? []);
      return [name, [...new Set(labels)].sort()];
    }),
  );
}

/** The metrics that an expression names, with those labels that it demands of them. */
export function readExpression(expression: string): readonly { name: string; labels: string[] }[] {
  const series = expression.matchAll(/\b((?:image_inventory|process)_\w+)(?:\{([^}]*)\})?/g);
  return [...series].map(([, name = '', selector = '']) => ({
    name: name in METRICS ? name : name.replace(/_(bucket|sum|count)$/, ''),
    labels: selector.match(/\w+(?=\s*[=!]~?\s*")/g) ?? [],
  }));
}

/** The labels that a metric's series have; an error if there is no such metric. */
export function labelsOfMetric(name: string): readonly string[] {
  const own = PROCESS_METRICS.includes(name) ? [] : METRICS[name];
  if (own === undefined) throw new Error(`there is no metric ${name}`);
  return [...SCRAPED, ...own];
}

/** What is wrong with the metrics and labels of an expression. */
export function faultsOf(expression: string): readonly string[] {
  const read = readExpression(expression);
  const strays = read.flatMap(({ name, labels }) =>
    labels
      .filter((label) => !labelsOfMetric(name).includes(label))
      .map((label) => `${name}{${label}}`),
  );
  const known = new Set(read.flatMap(({ name }) => labelsOfMetric(name)));
  const grouped = [...expression.matchAll(/\b(?:by|on)\s*\(([^)]*)\)/g)].flatMap(
    ([, labels = '']) => labels.match(/\w+/g) ?? [],
  );
  return [...strays, ...grouped.filter((label) => !known.has(label)).map((label) => `by ${label}`)];
}
