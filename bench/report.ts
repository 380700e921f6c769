import { formatTable } from '../src/cli/table.ts';
import { formatCount, formatNumber } from '../src/inventory/quantity.ts';
import { CONTENDERS, type ContenderName } from './contenders.ts';
import { growthOf, type Comparison, type Row } from './ratios.ts';

const TITLES: Readonly<Record<ContenderName, string>> = {
  fetch: 'floor: fetch',
  parse: 'floor: parse',
  insert: 'floor: insert',
  'first sync': 'first sync',
  'unchanged resync': 'resync, unchanged',
  'changed resync': 'resync, 1% changed',
  'sdk first': 'SDK script, first',
  'sdk again': 'SDK script, again',
  'sqlite3 shell': 'sqlite3 shell, pages from files',
};

const HEADER = ['WHAT', 'IMAGES/S', 'COMPARED', 'CPU S/M', 'PEAK MB', 'REQUESTS', 'FILE MB'];
const ALIGNMENTS = HEADER.map((_, column) => (column === 0 || column === 2 ? 'left' : 'right'));

/** The rows of one size as a table. */
export function formatSize(rows: readonly Row[]): string {
  const sorted = rows.toSorted((a, b) => CONTENDERS.indexOf(a.name) - CONTENDERS.indexOf(b.name));
  const title = formatCount(rows[0]?.images ?? 0, 'image');
  return `${title}
${formatTable([HEADER, ...sorted.map(cells)], ALIGNMENTS)}
`;
}

function cells({ name, skipped, best, comparison }: Row): string[] {
  if (best === undefined) return [TITLES[name], '–', skipped ?? ''];
  return [
    TITLES[name],
    formatNumber(Math.round(best.imagesPerSecond)),
    comparison === undefined ? '' : inWords(comparison),
    best.cpuSecondsPerMillion?.toFixed(1) ?? '–',
    megabytes(best.peakBytes),
    formatNumber(best.requests),
    megabytes(best.fileBytes),
  ];
}

function inWords({ is, to, ratio }: Comparison): string {
  const times = ratio.toFixed(2);
  return is === 'floor' ? `${times} x ${to}` : `${times} x the program's ${to}`;
}

function megabytes(bytes: number | undefined): string {
  return bytes === undefined ? '–' : formatNumber(Math.round(bytes / 1e6));
}

/** How memory and processor time grow with the account; nothing if only one size was measured. */
export function formatGrowth(rows: readonly Row[]): string {
  const growth = growthOf(rows);
  const [first] = growth;
  if (first === undefined) return '';
  const title = `${formatCount(first.to, 'image')} against ${formatNumber(first.from)}`;
  const lines = growth.map(({ name, memory, cpu }) => {
    return [TITLES[name], `${memory.toFixed(2)} x`, `${cpu.toFixed(2)} x`];
  });
  const header = ['WHAT', 'PEAK MEMORY', 'CPU PER IMAGE'];
  return `${title}\n${formatTable([header, ...lines], ['left', 'right', 'right'])}\n`;
}
