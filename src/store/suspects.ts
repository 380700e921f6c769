import type { StageStatements } from './stage-statements.ts';

/** Rows read at once when the account is searched. */
const SEARCH_BATCH = 1000;

/**
 * The stored images of a scope that a condition singles out, in the order of their ids, in batches. Rows may be
 * written while it is under way.
 */
export function* searchScope(
  { nextInScope }: StageStatements,
  isWanted: (rowId: number) => boolean,
): Generator<readonly { readonly rowId: number; readonly id: string }[]> {
  let after = '';
  for (;;) {
    const rows = nextInScope.all(after, SEARCH_BATCH);
    const last = rows.at(-1);
    if (last === undefined) return;
    const wanted = rows.filter(({ rowId }) => isWanted(rowId));
    if (wanted.length > 0) yield wanted;
    after = last.id;
  }
}
