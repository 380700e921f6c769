/** A value as the database holds it: times, JSON and lists are text, booleans 0 or 1. */
export type Cell = string | number | null;

/**
 * What a column's cells mean. `time` is RFC 3339 text, as the API wrote it; `json` any JSON text; `json-list` the text of
 * a JSON array, of strings as a rule. `nulls` is the one column that no reader sees: the text of a JSON array that
 * names the columns whose `null` the API sent rather than left out.
 */
export type ColumnKind = 'text' | 'integer' | 'boolean' | 'time' | 'json' | 'json-list' | 'nulls';

export interface Column {
  readonly name: string;
  readonly kind: ColumnKind;
}

/** One cell for each column of its table, in their order. */
export type Row = readonly Cell[];

/** Rows to be written somewhere. They are read once, and only as fast as they are taken. */
export interface Table {
  readonly columns: readonly Column[];
  readonly rows: Iterable<Row>;
}

/** What is exported of an image, in the order of the view `images`. */
export const IMAGE_COLUMNS: readonly Column[] = [
  { name: 'account_id', kind: 'text' },
  { name: 'id', kind: 'text' },
  { name: 'filename', kind: 'text' },
  { name: 'creator', kind: 'text' },
  { name: 'meta', kind: 'json' },
  { name: 'require_signed_urls', kind: 'boolean' },
  { name: 'uploaded', kind: 'time' },
  { name: 'variants', kind: 'json-list' },
  { name: 'extra', kind: 'json' },
  { name: 'first_seen_run', kind: 'integer' },
  { name: 'changed_run', kind: 'integer' },
];

/** What is known of an image that is gone, besides. */
export const REMOVAL_COLUMNS: readonly Column[] = [
  { name: 'removed_run', kind: 'integer' },
  { name: 'removed_at', kind: 'time' },
];

/** Which of an image's absent values the API sent as `null`. */
export const NULLS: Column = { name: 'null_fields', kind: 'nulls' };
