import type { Compression } from './compression.ts';
import type { Format } from './encoding.ts';

/** What a file's name says of what is in it. */
export interface NamedFormat {
  readonly format: Format | undefined;
  readonly compression: Compression | undefined;
}

const ENDINGS = /(?:\.(csv|jsonl|ndjson|parquet))?(?:\.(gz|zst))?$/;

/** Reads the last parts of a name, such as `.csv` or `.jsonl.gz`. Capitals do not matter. */
export function formatOf(name: string): NamedFormat {
  const [, format, compression] = ENDINGS.exec(name.toLowerCase()) ?? [];
  return {
    format: format === 'ndjson' ? 'jsonl' : (format as Format | undefined),
    compression: compression === 'gz' ? 'gzip' : compression === 'zst' ? 'zstd' : undefined,
  };
}
