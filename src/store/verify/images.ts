import type { Database } from 'better-sqlite3';
import { ContentSum } from '../../inventory/content.ts';
import { COLUMNS, toImage, type ImageRow } from '../rows.ts';
import { SCOPE, VISIBLE, type Scope } from './scope.ts';

/** The images that readers see of one account. */
export interface VisibleImages {
  count: number;
  readonly content: ContentSum;
}

/** Counts and sums up what readers see of every account. */
export function sumImages(
  database: Database,
  { accounts, ids }: Scope,
): Map<number, VisibleImages> {
  const visible = new Map(
    accounts.map(({ key }): [number, VisibleImages] => [
      key,
      { count: 0, content: new ContentSum() },
    ]),
  );
  const rows = database.prepare<[string], ImageRow>(
    `${SCOPE} SELECT i.account_key, i.id, ${COLUMNS} FROM ${VISIBLE}`,
  );
  for (const row of rows.iterate(ids)) {
    const account = visible.get(row['account_key'] as number);
    if (account === undefined) continue;
    account.count += 1;
    account.content.add(toImage(row));
  }
  return visible;
}
