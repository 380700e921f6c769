import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Where `.ci/promtool` puts it. */
const FETCHED = fileURLToPath(
  new URL('../../node_modules/.cache/promtool/usr/bin/promtool', import.meta.url),
);

/** Whoever names a promtool, as `.ci/run` does, wants it to be used: it is not optional then. */
const named = process.env['PROMTOOL'];

/** Prometheus's own tool, or `undefined` where there is none. */
export const promtool: string | undefined =
  named ?? ['promtool', FETCHED].find((file) => spawnSync(file, ['--version']).status === 0);

/** What `promtool check metrics` says of the text; nothing when all is well. @throws Error if it cannot be run. */
export function checkMetrics(text: string): {
  readonly code: number | null;
  readonly said: string;
} {
  const { status, stdout, stderr, error } = spawnSync(promtool ?? '', ['check', 'metrics'], {
    input: text,
    encoding: 'utf8',
  });
  if (error !== undefined) throw error;
  return { code: status, said: stdout + stderr };
}
