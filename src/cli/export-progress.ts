import { stderr } from 'node:process';
import { formatCount } from '../inventory/quantity.ts';
import type { Row } from '../inventory/table.ts';

/** Rows that are counted while they are taken. */
export interface WatchedRows {
  readonly rows: Iterable<Row>;
  /** How many were taken so far. */
  readonly count: () => number;
  /** Takes the progress line away: something else may come to the same terminal. */
  readonly clear: () => void;
}

const CLEAR_LINE = '\r\u001b[K';
/** Rows between two looks at the clock, which costs more than a row. */
const ROWS_A_LOOK = 1000;
const PAUSE_MS = 200;

/** @param isShown - Shows on stderr how far it is. */
export function watchRows(rows: Iterable<Row>, isShown: boolean): WatchedRows {
  let count = 0;
  let shownAt = 0;
  const show = (): void => {
    const now = performance.now();
    if (now - shownAt < PAUSE_MS) return;
    shownAt = now;
    stderr.write(`${CLEAR_LINE}${formatCount(count, 'image')} exported`);
  };
  return {
    rows: (function* counted() {
      for (const row of rows) {
        count += 1;
        if (isShown && count % ROWS_A_LOOK === 0) show();
        yield row;
      }
    })(),
    count: () => count,
    clear: () => {
      if (isShown) stderr.write(CLEAR_LINE);
    },
  };
}
