import type { Database } from 'better-sqlite3';
import type { RunStart, Stage, Store } from '../sync/ports.ts';
import { dropStage, findOrAddAccount } from './accounts.ts';
import type { WritableDatabase } from './database.ts';
import { explained } from './errors.ts';
import { Ledger } from './ledger.ts';
import { RowIds } from './row-ids.ts';
import { RunStage } from './stage.ts';

/**
 * Remembers runs in an open inventory, one at a time. What a process left behind that died in the
 * middle of a run is cleared away first.
 *
 * @param now - Milliseconds since 1970.
 */
export function createStore({ database, path }: WritableDatabase, now: number): Store {
  const ledger = new Ledger(database);
  const rowIds = explained(path, () => {
    database
      .transaction(() => clearLeftovers(database, ledger, ledger.accountsLeftRunning(), now))
      .immediate();
    return new RowIds(database);
  });

  function begin(start: RunStart): Stage {
    const open = database.transaction(() => {
      const account = findOrAddAccount(database, start.accountId);
      // A run of this process may not even have been able to say that it failed: the disk was full.
      clearLeftovers(database, ledger, [start.accountId], start.startedAt);
      const isBaseline = !ledger.hasPublished(start.accountId);
      return { account, isBaseline, runId: ledger.open(start) };
    });
    const run = explained(path, () => open.immediate());
    return new RunStage({ database, path, ledger, rowIds, start, ...run });
  }

  return { begin };
}

function clearLeftovers(
  database: Database,
  ledger: Ledger,
  accountIds: readonly string[],
  now: number,
): void {
  for (const accountId of accountIds) {
    if (!ledger.closeLeftRunning(accountId, now)) continue;
    dropStage(database, findOrAddAccount(database, accountId).key);
  }
}
