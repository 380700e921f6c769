/**
 * What the program adds to what its work takes at the least, and how other ways of doing it compare. docs/performance.md
 * says what is measured and why.
 *
 *     npm run bench -- [--images 10000,100000,1000000] [--largest] [--runs 3] [--dist] [--json FILE]
 */
import { writeFileSync } from 'node:fs';
import process, { stderr, stdout } from 'node:process';
import { parseArgs } from 'node:util';
import { printable } from '../src/inventory/printable.ts';
import { environment } from './environment.ts';
import { CONCURRENCY, measureSize, PER_PAGE, SEED } from './measure-size.ts';
import { mainFile } from './program.ts';
import { growthOf, rowsOf, type Row } from './ratios.ts';
import { formatGrowth, formatSize } from './report.ts';
import { WrongOutput } from './verify-output.ts';

const LARGEST = 5_000_000;

const { values: options } = parseArgs({
  options: {
    images: { type: 'string', default: '10000,100000,1000000' },
    largest: { type: 'boolean', default: false },
    runs: { type: 'string', default: '3' },
    dist: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
});
const sizes = [...options.images.split(',').map(Number), ...(options.largest ? [LARGEST] : [])];
const runs = Number(options.runs);
if (![...sizes, runs].every((value) => Number.isInteger(value) && value > 0)) {
  throw new RangeError('--images and --runs take whole numbers above 0');
}
const main = mainFile(options.dist);

try {
  await bench();
} catch (error) {
  if (!(error instanceof WrongOutput)) throw error;
  stderr.write(`WRONG OUTPUT of ${printable(error.message)}\n`);
  process.exitCode = 1;
}

async function bench(): Promise<void> {
  const all: Row[] = [];
  const raw = [];
  for (const images of sizes) {
    const onRun = (name: string): void => void stderr.write(`${images}: ${name}\n`);
    const measured = await measureSize({ images, runs, main, onRun });
    const rows = rowsOf(images, measured);
    stdout.write(`${formatSize(rows)}\n`);
    all.push(...rows);
    raw.push({ images, measured });
  }
  stdout.write(formatGrowth(all));
  if (options.json === undefined) return;
  const settings = {
    seed: SEED,
    perPage: PER_PAGE,
    concurrency: CONCURRENCY,
    runs,
    isDist: options.dist,
  };
  const result = { environment: environment(), settings, rows: all, growth: growthOf(all), raw };
  writeFileSync(options.json, `${JSON.stringify(result, null, 2)}\n`);
}
