/**
 * A preload (`--import`) that leaves what its process used, as JSON, in the file that `BENCH_USAGE` names. No TypeScript: what
 * strips its types takes 30 MB, in the compiled program too.
 */
import { writeFileSync } from 'node:fs';
import process from 'node:process';
import { isMainThread } from 'node:worker_threads';

// Preloads run in worker threads too, whose process is the same.
if (isMainThread) {
  process.on('exit', () => {
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
    const usage = { cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, peakBytes: maxRSS * 1024 };
    writeFileSync(process.env['BENCH_USAGE'] ?? '', JSON.stringify(usage));
  });
}
