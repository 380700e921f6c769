import type { Database } from 'better-sqlite3';
import { ContentSum } from '../inventory/content.ts';
import type { RunStart, Stage, Store } from '../sync/ports/stage.ts';
import { findOrAddAccount, type StoredAccount } from './accounts.ts';
import type { WritableDatabase } from './database.ts';
import { explained } from './errors.ts';
import {
  finishFirstLoad,
  firstAccount,
  hasImages,
  hasVisibleImages,
  makeIndexes,
} from './first-load.ts';
import { KeptScans } from './kept-scan.ts';
import { Ledger } from './ledger.ts';
import { Progress } from './progress.ts';
import { findLeftover, identityOf, isFresh, rowsOf, takeOver, type Leftover } from './resume.ts';
import { assertRowIds, RowIds } from './row-ids.ts';
import { RowSet } from './row-set.ts';
import { RunStage } from './stage.ts';
import type { StagedSoFar, StageOptions } from './stage-options.ts';
import { dropStage, findStageRow, stagedAccounts, writeStageRow } from './stage-row.ts';

/** A {@link Store} on an open inventory. */
export interface InventoryStore extends Store {
  /** Lets go of the file beside the database; the database itself stays open. */
  close(): void;
}

/**
 * Remembers runs in an open inventory: of each account one at a time, those of different accounts side by side, page by
 * page in any order. What a process left behind that died in the middle of a run is gone on with by the
 * account's next run, or cleared away.
 *
 * @param now - Milliseconds since 1970.
 */
export function createStore(inventory: WritableDatabase, now: number): InventoryStore {
  const { database, path } = inventory;
  const ledger = new Ledger(database);
  const kept = explained(path, () => new KeptScans(path));
  const rowIds = explained(path, () => {
    ledger.closeLeftRunning(now);
    dropHopeless(database, kept, now);
    return new RowIds(database);
  });

  /** The accounts that a run is under way of. */
  const underWay = new Map<string, RunStage>();

  function begin(start: RunStart): Stage {
    const { accountId } = start;
    if (underWay.has(accountId)) throw new Error(`a run of ${accountId} is under way already`);
    inventory.assertInPlace();
    // A first inventory that another account is about to join needs its indexes.
    for (const stage of underWay.values()) stage.settle();
    const open = database.transaction(() => openRun(database, ledger, kept, rowIds, start));
    const { account, leftover, ...run } = explained(path, () => open.immediate());
    const identity = identityOf(account, start, run.runId, run.firstRow, leftover);
    const staged = explained(path, () => {
      if (leftover === undefined) {
        kept.forget(account.key);
        return nothingStaged();
      }
      kept.keepOnly(account.key, leftover.pages);
      kept.keepIdentity(identity);
      return stagedBy(database, account, run.runId, leftover);
    });
    const progress = new Progress(kept, identity, leftover !== undefined);
    const stage = new RunStage({
      database,
      path,
      assertInPlace: () => inventory.assertInPlace(),
      ledger,
      rowIds,
      start,
      progress,
      account,
      staged,
      isAlone: () => underWay.size === 1,
      onEnd: () => underWay.delete(accountId),
      ...run,
    });
    underWay.set(accountId, stage);
    return stage;
  }

  return {
    begin,
    hasFullRun: (accountId, creators) =>
      explained(path, () => ledger.hasFullRun(accountId, creators)),
    close: () => kept.close(),
  };
}

/** Drops what no run will go on with, whether or not its account is ever read again. */
function dropHopeless(database: Database, kept: KeptScans, now: number): void {
  for (const accountKey of new Set([...stagedAccounts(database), ...kept.accounts()])) {
    if (isFresh(kept.find(accountKey), now)) continue;
    database.transaction(() => dropStage(database, accountKey)).immediate();
    kept.forget(accountKey);
  }
  database
    .transaction(() => {
      // Of published images they are never left out: whoever dropped them did not know what they are for.
      if (!hasImages(database) || hasVisibleImages(database)) makeIndexes(database);
    })
    .immediate();
}

/** Makes the indexes of a first inventory that another account left behind. The caller holds the transaction. */
function settleOthers(database: Database, account: StoredAccount): void {
  const first = firstAccount(database);
  if (first !== undefined && first.key !== account.key) finishFirstLoad(database, first);
}

interface OpenedRun extends Pick<StageOptions, 'account' | 'runId' | 'firstRow' | 'published'> {
  readonly leftover: Leftover | undefined;
}

/** Writes the ledger row, and decides about what an earlier run left. */
function openRun(
  database: Database,
  ledger: Ledger,
  kept: KeptScans,
  rowIds: RowIds,
  start: RunStart,
): OpenedRun {
  assertRowIds(database);
  const account = findOrAddAccount(database, start.accountId);
  settleOthers(database, account);
  // An earlier run of this process may not even have been able to say that it failed: the disk was full.
  ledger.closeLeftRunning(start.startedAt, start.accountId);
  const leftover = findLeftover(database, ledger, kept, account, start);
  if (leftover === undefined) {
    dropStage(database, account.key);
    if (!hasImages(database)) makeIndexes(database);
  }
  const runId = ledger.open(start, leftover?.identity.runId);
  const staged = findStageRow(database, account.key);
  if (staged !== undefined) writeStageRow(database, account.key, { ...staged, runId });
  // The interrupted run may have begun above rows that are gone now; ids from there on are this run's own.
  rowIds.startAt(leftover?.identity.firstRow ?? 0);
  return {
    account,
    leftover,
    runId,
    firstRow: leftover?.identity.firstRow ?? rowIds.next,
    published: ledger.lastPublished(start.accountId),
  };
}

function nothingStaged(): StagedSoFar {
  return {
    resumed: undefined,
    seen: new RowSet(),
    content: new ContentSum(),
    epoch: 0,
    sequence: 0,
  };
}

function stagedBy(
  database: Database,
  account: StoredAccount,
  runId: number,
  { identity, pages, sequence }: Leftover,
): StagedSoFar {
  const taken = takeOver(database, account.key, runId, identity.firstRow, rowsOf(pages));
  return {
    resumed: { runId: identity.runId, expected: identity.expected, pages },
    ...taken,
    epoch: identity.epoch,
    sequence,
  };
}
