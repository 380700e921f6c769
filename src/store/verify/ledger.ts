import type { Database } from 'better-sqlite3';
import type { StoredAccount } from '../accounts.ts';
import type { Check } from './check.ts';
import type { Tallies, Tally } from './replay.ts';
import type { ProvedRun, ProvedRuns } from './runs.ts';

const KINDS = ['added', 'changed', 'removed', 'restored'] as const;
const NOTHING: Omit<Tally, 'undone'> = { added: 0, changed: 0, removed: 0, restored: 0 };

type Report = (problem: string, runId: number) => void;

/**
 * Checks the counts of every run of an account against the rows of `changes`, and against how many images
 * there were after it.
 *
 * @param images - How many there are now.
 */
export function checkLedger(
  database: Database,
  account: StoredAccount,
  runs: ProvedRuns,
  tallies: Tallies,
  images: number,
  check: Check,
): void {
  const { accountId } = account;
  const report: Report = (problem, runId) => check.find(problem, { accountId, runId });
  check.count(runs.all.length, 'run');
  checkHorizon(runs, report);
  checkPublishers(runs, tallies, report);
  let present = images;
  for (const run of runs.published) {
    const counted = tallies.get(run.runId) ?? NOTHING;
    if (run === runs.baseline) checkBaseline(database, account, run, present, report);
    else checkSeen(run, present, report);
    if (run !== runs.published.at(-1)) checkCounts(run, counted, report);
    present += counted.removed - counted.added - counted.restored;
  }
  if (runs.published.length === 0 && present !== 0) {
    check.find(`${present} images can be seen, yet no run published any`, { accountId });
  }
}

/** The horizon is a run that published something: undoing what came after it leads there. */
function checkHorizon({ published, horizon }: ProvedRuns, report: Report): void {
  if (horizon === undefined || published.at(-1)?.runId === horizon) return;
  report('changes are forgotten up to here, yet it is no published run of the account', horizon);
}

/** Only a published run may have rows of `changes`, and not the first. */
function checkPublishers(
  { all, published, baseline }: ProvedRuns,
  tallies: Tallies,
  report: Report,
): void {
  const publishers = new Set(published.map(({ runId }) => runId));
  for (const runId of tallies.keys()) {
    if (runId === baseline?.runId) report('is the first one, yet changes has rows of it', runId);
    else if (!publishers.has(runId)) report('published nothing, yet changes has rows of it', runId);
  }
  for (const { runId, isPublished, status, contentHash, ...counts } of all) {
    if (isPublished) continue;
    if (contentHash !== null) report('published nothing, yet has a content_hash', runId);
    const isEmpty = [...KINDS, 'unchanged' as const].every((kind) => counts[kind] === 0);
    if (status !== 'complete' && !isEmpty) report(`is ${status}, yet counts changes`, runId);
  }
}

/** Of the first run that is proved there are no rows of `changes`: it was the baseline, or they are forgotten. */
function checkCounts(run: ProvedRun, counted: Omit<Tally, 'undone'>, report: Report): void {
  for (const kind of KINDS) {
    if (run[kind] === counted[kind]) continue;
    report(`counts ${run[kind]} ${kind}, changes has ${counted[kind]}`, run.runId);
  }
}

function checkSeen(run: ProvedRun, present: number, report: Report): void {
  const seen = run.unchanged + run.added + run.changed + run.restored;
  // A quick run, and one with a creator filter, looks at some of the images only.
  const isWrong = run.isWhole === true ? seen !== present : seen > present;
  if (isWrong) report(`counts ${seen} images, there were ${present} after it`, run.runId);
  if (run.listed > seen) report(`listed ${run.listed} images, but counts ${seen}`, run.runId);
}

/** The first published run: everything that was there after it is its own. */
function checkBaseline(
  database: Database,
  { key, accountId }: StoredAccount,
  run: ProvedRun,
  present: number,
  report: Report,
): void {
  const { runId, added, changed, removed, restored, unchanged, listed } = run;
  const first = database
    .prepare<[number, number, string, number], number>(
      `SELECT (SELECT count(*) FROM stored_images AS i JOIN accounts AS a USING (account_key)
               WHERE i.account_key = ? AND i.row_id <= a.visible_row AND i.first_seen_run = ?)
            + (SELECT count(*) FROM removed_images WHERE account_id = ? AND first_seen_run = ?)`,
    )
    .pluck()
    .get(key, runId, accountId, runId);
  if (added !== first) report(`counts ${added} added, ${first ?? 0} images date from it`, runId);
  if (added !== present) report(`counts ${added} added, there were ${present} after it`, runId);
  if (listed > added) report(`listed ${listed} images, but counts ${added}`, runId);
  if (changed + removed + restored + unchanged > 0) {
    report('is the first one, yet counts images that it found', runId);
  }
}
