/**
 * What an export costs: the processor's time and the most memory for each format, against reading the same rows and
 * throwing them away.
 *
 *     node bench/export.ts DATABASE
 */
import { spawnSync } from 'node:child_process';
import { argv, cpuUsage, execPath, resourceUsage, stdout } from 'node:process';
import { fileURLToPath } from 'node:url';
import { formatTable } from '../src/cli/table.ts';
import { csvEncoder } from '../src/export/csv.ts';
import type { Encode } from '../src/export/encoding.ts';
import { encodeJsonl } from '../src/export/jsonl.ts';
import { parquetEncoder } from '../src/export/parquet/encoder.ts';
import { formatNumber } from '../src/inventory/quantity.ts';
import type { Row } from '../src/inventory/table.ts';
import { openSnapshot } from '../src/store/database.ts';
import { select } from '../src/store/selection.ts';

const ignore = (): void => undefined;

const ENCODERS: Readonly<Record<string, Encode>> = {
  nothing: ({ rows }) => Iterator.from(rows).filter(() => false) as Iterable<never>,
  csv: csvEncoder({ isSafe: false, onAltered: ignore }),
  'csv --safe': csvEncoder({ isSafe: true, onAltered: ignore }),
  jsonl: encodeJsonl,
  parquet: parquetEncoder({ metadata: {}, createdBy: 'bench', onInexactTimes: ignore }),
};

const [, , file = '', format] = argv;
if (format === undefined) compare();
else stdout.write(JSON.stringify(measure(ENCODERS[format] ?? encodeJsonl)));

/** Each format in a process of its own, so that none finds the memory of another. */
function compare(): void {
  const rows = Object.keys(ENCODERS).map((name) => {
    const bench = fileURLToPath(import.meta.url);
    const { stdout: text } = spawnSync(execPath, [bench, file, name], { encoding: 'utf8' });
    return [name, ...(JSON.parse(text) as string[])];
  });
  const header = ['FORMAT', 'IMAGES', 'CPU S', 'IMAGES/S', 'MB', 'PEAK MB'];
  const right = header.slice(1).map(() => 'right' as const);
  stdout.write(`${formatTable([header, ...rows], ['left', ...right])}\n`);
}

function measure(encode: Encode): string[] {
  const { columns, rows } = select(openSnapshot(file), {
    accountIds: undefined,
    moment: { is: 'latest' },
    isRemoved: false,
    columns: undefined,
    where: undefined,
  });
  let images = 0;
  const counted = (function* (): Generator<Row> {
    for (const row of rows) {
      images += 1;
      yield row;
    }
  })();
  const before = cpuUsage();
  const started = performance.now();
  let bytes = 0;
  for (const piece of encode({ columns, rows: counted })) bytes += piece.length;
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = cpuUsage(before);
  return [
    formatNumber(images),
    ((user + system) / 1e6).toFixed(1),
    formatNumber(Math.round(images / seconds)),
    (bytes / 1e6).toFixed(1),
    (resourceUsage().maxRSS / 1024).toFixed(0),
  ];
}
