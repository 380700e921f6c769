import type { Compression } from './compression.ts';
import type { Format } from './encoding.ts';

/** What a file's name says of what is in it. */
export interface NamedFormat {
  readonly format: Format | undefined;
  readonly compression: Compression | undefined;
}

const FORMAT_OF: Readonly<Record<string, Format>> = {
  csv: 'csv',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  parquet: 'parquet',
};
const COMPRESSION_OF: Readonly<Record<string, Compression>> = { gz: 'gzip', zst: 'zstd' };

/** Reads the last parts of a name, such as `.csv` or `.jsonl.gz`. Capitals do not matter. */
export function formatOf(name: string): NamedFormat {
  const [last = '', before = ''] = name
    .toLowerCase()
    .split(/[./\\]/)
    .reverse();
  const compression = COMPRESSION_OF[last];
  return { format: FORMAT_OF[compression === undefined ? last : before], compression };
}
