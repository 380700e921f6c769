import { collectDefaultMetrics, Registry } from '@prometheus-io/client';

/**
 * Of what the client library can measure of a process, that which tells an operator something. The rest stays
 * out: five of its names break Prometheus's own rules, others are details of the garbage collector, or would have
 * an idle daemon wake a hundred times a second.
 */
const NAMES: ReadonlySet<string> = new Set([
  'process_cpu_user_seconds_total',
  'process_cpu_system_seconds_total',
  'process_cpu_seconds_total',
  'process_start_time_seconds',
  'process_resident_memory_bytes',
  'process_virtual_memory_bytes',
  'process_open_fds',
  'process_max_fds',
  'nodejs_eventloop_lag_seconds',
  'nodejs_heap_size_total_bytes',
  'nodejs_heap_size_used_bytes',
  'nodejs_external_memory_bytes',
]);

/** The library samples what is left out by timers, which cannot be switched off: once an hour, in milliseconds. */
const SELDOM = { eventLoopMonitoringPrecision: 3_600_000, eventLoopUtilizationTimeout: 3_600_000 };

/** Adds the process's own figures, as far as the operating system tells them. */
export function registerProcessMetrics(registry: Registry): void {
  const all = new Registry();
  collectDefaultMetrics({ register: all, ...SELDOM });
  // In the library's order: the first figure of a kind is the one that measures the others.
  for (const { name } of all.getMetricsAsArray()) {
    const metric = NAMES.has(name) ? all.getSingleMetric(name) : undefined;
    if (metric !== undefined) registry.registerMetric(metric);
  }
}
