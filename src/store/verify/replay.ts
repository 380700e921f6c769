import type { Database } from 'better-sqlite3';
import type { ChangeKind } from '../../inventory/change.ts';
import { ContentSum } from '../../inventory/content.ts';
import { undo, type Known } from '../../inventory/undo.ts';
import type { StoredAccount } from '../accounts.ts';
import type { Check } from './check.ts';
import { stateReader, type StoredState } from '../past/state.ts';
import { readHistories, type History } from './history.ts';
import type { ProvedRuns } from './runs.ts';

/** What the rows of `changes` say of one run. */
export interface Tally extends Record<ChangeKind, number> {
  /** Added to the sum of what the run published, this is the sum of what was there before it. */
  readonly undone: ContentSum;
}

export type Tallies = ReadonlyMap<number, Tally>;

/** Walks the history of every image of an account backwards, from what is stored now to the horizon. */
export function replayChanges(
  database: Database,
  account: StoredAccount,
  runs: ProvedRuns,
  check: Check,
): Tallies {
  const tallies = new Map<number, Tally>();
  const { accountId } = account;
  const stateOf = stateReader(database, account);
  let images = 0;
  let changes = 0;
  for (const history of readHistories(database, accountId, runs.horizon ?? 0)) {
    const where = { accountId, imageId: history.imageId };
    const state = stateOf(history.imageId);
    const { first, isSound } = walkBack(history, state.known, runs, tallies, (problem, runId) =>
      check.find(problem, { ...where, runId }),
    );
    // Where the history is broken, these would only say so again.
    if (isSound) checkDates(history, first, state, runs, (problem) => check.find(problem, where));
    images += 1;
    changes += history.changes.length;
  }
  check.count(changes, 'change');
  check.count(images, 'changed image');
  if (runs.horizon !== undefined) check.count(1, 'account', ' with a past that is forgotten');
  return tallies;
}

/** @returns What is known of the time before the first change, and whether every change fits. */
function walkBack(
  { changes }: History,
  now: Known,
  { summed }: ProvedRuns,
  tallies: Map<number, Tally>,
  report: (problem: string, runId: number) => void,
): { readonly first: Known; readonly isSound: boolean } {
  let known = now;
  let isSound = true;
  for (const change of changes) {
    const { before, fault } = undo(change, known, { isExact: summed.has(change.runId) });
    if (fault !== undefined) {
      report(`the row "${change.kind}" ${fault}`, change.runId);
      isSound = false;
    }
    const tally = tallies.get(change.runId) ?? emptyTally();
    tallies.set(change.runId, tally);
    tally[change.kind] += 1;
    if (known.is === 'present') tally.undone.remove(known.image);
    if (before.is === 'present') tally.undone.add(before.image);
    known = before;
  }
  return { first: known, isSound };
}

/** Whether what an image's row says of its runs is what its history says. */
function checkDates(
  { changes }: History,
  first: Known,
  state: StoredState,
  { baseline, horizon }: ProvedRuns,
  report: (problem: string) => void,
): void {
  if (first.is === 'gone' && horizon === undefined) {
    report('was restored, yet no run removed it');
    return;
  }
  const firstSeen = first.is === 'unseen' ? changes.at(-1)?.runId : baseline?.runId;
  const changed = changes.find(({ kind }) => kind !== 'removed')?.runId ?? baseline?.runId;
  const isForgotten = (run = Infinity): boolean => horizon !== undefined && run <= horizon;
  const dates = [
    ['first_seen_run', state.firstSeenRun, firstSeen],
    ['changed_run', state.changedRun, changed],
    ['removed_run', state.removedRun, state.removedRun && changes[0]?.runId],
  ] as const;
  for (const [column, told, proved] of dates) {
    if (told !== proved && !(proved === undefined && isForgotten(told)))
      report(`its ${column} is ${told ?? 'none'}, by its history ${proved ?? 'none'}`);
  }
}

function emptyTally(): Tally {
  return { added: 0, changed: 0, removed: 0, restored: 0, undone: new ContentSum() };
}
