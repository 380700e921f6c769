import { openForWriting } from '../../src/store/database.ts';
import { freePages } from '../../src/store/free-pages.ts';
import { isoTime } from '../../src/store/ledger.ts';
import { forgetPast } from '../../src/store/retention.ts';
import { DAY_MS, FIRST_DAY } from './days.ts';

/** Forgets the days of a long history before one of them, and gives the space back, in very small batches. */
export function forgetDays(file: string, before: number): void {
  const opened = openForWriting(file, isoTime(0));
  const options = { before: FIRST_DAY + before * DAY_MS, batch: 10 };
  Array.from(forgetPast(opened.database, options));
  Array.from(freePages(opened.database, 1));
  opened.close();
}
