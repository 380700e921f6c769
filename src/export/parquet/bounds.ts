import type { ParquetWriter } from 'hyparquet-writer';

type RowGroup = ParquetWriter['row_groups'][number];

/** More than the writer keeps of a bound (16 bytes), so that it still sees that it cuts one off. */
const KEPT_BYTES = 64;

/**
 * Copies a written row group's bounds. The writer keeps them as they were given until the end of the file, and the memory
 * that texts are given in is used again for the next group.
 */
export function detachBounds(group: RowGroup | undefined): void {
  for (const { meta_data: chunk } of group?.columns ?? []) {
    const statistics = chunk?.statistics;
    if (statistics === undefined) continue;
    for (const bound of ['min_value', 'max_value'] as const) {
      const value = statistics[bound];
      if (value instanceof Uint8Array) statistics[bound] = value.slice(0, KEPT_BYTES);
    }
  }
}
