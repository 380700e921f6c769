import { formatCount } from '../inventory/quantity.ts';

/** What a person is told of times that a Parquet file does not hold as they are. */
export function inexactTimes(cells: number): string {
  return `${formatCount(cells, 'time')} cannot be a timestamp as written: finer than a microsecond (cut off), or none (null)`;
}
