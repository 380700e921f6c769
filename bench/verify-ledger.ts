import { isDeepStrictEqual } from 'node:util';
import Sqlite from 'better-sqlite3';
import { changedCount, trueImages, type Truth } from './truth.ts';
import { WrongOutput } from './verify-output.ts';

/** What a run of the program is expected to have found. */
export type Finding = 'first' | 'unchanged' | 'changed';

/**
 * Compares what the program's last run says of itself with what the server had for it, and the variants that readers see.
 *
 * @throws WrongOutput
 */
export function verifyLedger(file: string, truth: Truth, finding: Finding): void {
  const database = new Sqlite(file, { readonly: true });
  try {
    verifyRun(database, truth, finding);
    verifyChanges(database, truth, finding);
    const variants = count(database, 'SELECT count(*) FROM image_variants');
    if (variants !== 3 * truth.images) throw new WrongOutput(`there are ${variants} variants`);
  } finally {
    database.close();
  }
}

function verifyRun(database: Sqlite.Database, truth: Truth, finding: Finding): void {
  const added = finding === 'first' ? truth.images : 0;
  const changed = finding === 'changed' ? changedCount(truth) : 0;
  const unchanged = truth.images - added - changed;
  const wanted = {
    ...{ status: 'complete', listed: truth.images, added, changed, unchanged },
    ...{ removed: 0, restored: 0 },
  };
  const found = database
    .prepare(`SELECT ${Object.keys(wanted).join()} FROM runs ORDER BY run_id DESC LIMIT 1`)
    .get();
  if (isDeepStrictEqual({ ...(found as object) }, wanted)) return;
  throw new WrongOutput(`the run was ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`);
}

/** The changed images have each a row for the run, and no others have. */
function verifyChanges(database: Sqlite.Database, truth: Truth, finding: Finding): void {
  const images = trueImages(truth);
  const ofRun = 'FROM changes WHERE run_id = (SELECT max(run_id) FROM runs)';
  const rows = database.prepare<[], { image_id: string; kind: string }>(
    `SELECT image_id, kind ${ofRun}`,
  );
  for (const { image_id: id, kind } of rows.iterate()) {
    const ordinal = images.ordinal(id);
    if (kind === 'changed' && ordinal !== undefined && images.isChanged(ordinal)) continue;
    throw new WrongOutput(`${id} was recorded as ${kind}`);
  }
  const recorded = count(database, `SELECT count(*) ${ofRun}`);
  const wanted = finding === 'changed' ? changedCount(truth) : 0;
  if (recorded !== wanted)
    throw new WrongOutput(`${recorded} changes are on record, not ${wanted}`);
}

function count(database: Sqlite.Database, sql: string): number {
  return Number(database.prepare(sql).pluck().get());
}
