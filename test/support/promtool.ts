import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CACHED = fileURLToPath(
  new URL('../../node_modules/.cache/promtool/usr/bin/promtool', import.meta.url),
);

/**
 * Where Prometheus's own checker is: where `PROMTOOL` says, on the PATH, or where CI unpacks it.
 * `undefined` if it is nowhere.
 */
export function findPromtool(): string | undefined {
  const told = process.env['PROMTOOL'];
  if (told !== undefined && told !== '') return told;
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return [...folders.map((folder) => join(folder, 'promtool')), CACHED].find((file) =>
    existsSync(file),
  );
}
