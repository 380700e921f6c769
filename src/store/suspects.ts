import { batches } from './batches.ts';
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
  const stored = batches(
    '',
    (after) => nextInScope.all(after, SEARCH_BATCH),
    ({ id }) => id,
  );
  for (const rows of stored) {
    const wanted = rows.filter(({ rowId }) => isWanted(rowId));
    if (wanted.length > 0) yield wanted;
  }
}
