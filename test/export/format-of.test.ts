import { expect, test } from 'vitest';
import { formatOf } from '../../src/export/format-of.ts';

test.each([
  ['a.csv', 'csv', undefined],
  ['a.CSV', 'csv', undefined],
  ['out/a.b.jsonl', 'jsonl', undefined],
  ['a.ndjson.gz', 'jsonl', 'gzip'],
  ['a.csv.zst', 'csv', 'zstd'],
  ['a.parquet', 'parquet', undefined],
  ['a.gz', undefined, 'gzip'],
  ['csv.txt', undefined, undefined],
  ['a.csv/b', undefined, undefined],
  ['a.csv/gz', undefined, undefined],
  ['constructor', undefined, undefined],
  ['a.constructor', undefined, undefined],
  ['csv', undefined, undefined],
  ['', undefined, undefined],
])('the name "%s" says %s, %s', (name, format, compression) => {
  expect(formatOf(name)).toEqual({ format, compression });
});
