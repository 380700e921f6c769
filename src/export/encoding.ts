import type { Table } from '../inventory/table.ts';

/**
 * Writes a table in one format, piece by piece: nothing is held that grows with the number of rows. The pieces together
 * are the file; an empty one is a pause in long work.
 */
export type Encode = (table: Table) => Iterable<Uint8Array>;

/** Formats that an inventory can be exported in. */
export const FORMATS = ['csv', 'jsonl', 'parquet'] as const;

export type Format = (typeof FORMATS)[number];
