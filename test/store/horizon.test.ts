import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { forgetPast } from '../../src/store/retention.ts';
import { verifyInventory, type Verification } from '../../src/store/verify/verify.ts';
import { temporaryFolder } from '../support/folder.ts';
import { query } from '../support/inventory.ts';
import { DAY_MS, FIRST_DAY } from '../support/days.ts';
import { writeLongHistory } from '../support/long-history.ts';
import { openStore } from '../support/opened-store.ts';
import { bytes, statements, type Tampering } from '../support/tamper.ts';

const DAYS = 24;

let sound: Buffer | undefined;

/** A file whose first half is forgotten. */
function forgetfulInventory(): string {
  const path = join(temporaryFolder(), 'inventory.db');
  if (sound === undefined) {
    const store = openStore(path);
    writeLongHistory(store, DAYS);
    const before = FIRST_DAY + (DAYS / 2) * DAY_MS;
    Array.from(forgetPast(store.opened.database, { before, batch: 100 }));
    store.die();
    expect(existsSync(`${path}-wal`)).toBe(false);
    sound = readFileSync(path);
  } else {
    writeFileSync(path, sound);
  }
  return path;
}

const failed = ({ checks }: Verification): string[] =>
  checks.filter(({ findings }) => findings.length > 0).map(({ name }) => name);

const HORIZON = "(SELECT forgotten_run FROM accounts WHERE account_id = 'acc')";
const PUBLISHED = "(SELECT * FROM runs WHERE account_id = 'acc' AND status = 'complete')";
const NEXT = `(SELECT min(run_id) FROM ${PUBLISHED} WHERE run_id > ${HORIZON})`;
const LAST = `(SELECT max(run_id) FROM ${PUBLISHED})`;
const untouched = `(SELECT id FROM stored_images WHERE account_key = 1 AND id NOT IN
  (SELECT image_id FROM changes) ORDER BY id LIMIT 1)`;
const removedBefore = `(SELECT id FROM removed_images WHERE account_id = 'acc' AND removed_run <= ${HORIZON} LIMIT 1)`;
const setHorizon = (run: string): Tampering =>
  statements(`UPDATE accounts SET forgotten_run = ${run} WHERE account_id = 'acc'`);

test('an inventory that has forgotten its past is proved back to the horizon, and says so', () => {
  const path = forgetfulInventory();
  const verification = verifyInventory(path, undefined);
  expect(failed(verification)).toEqual([]);
  const { checks, accounts } = verification;
  expect(checks[4]?.checked).toMatch(/, 2 accounts with a past that is forgotten$/);
  expect(checks[5]?.checked).toBe(`${DAYS + 2} runs`);
  const horizons = query(path, 'SELECT account_id, forgotten_run FROM accounts');
  expect(
    accounts.map((each) => ({ account_id: each.accountId, forgotten_run: each.forgottenRun })),
  ).toEqual(horizons);
  expect(query(path, `SELECT 1 FROM changes WHERE kind = 'restored'`)).not.toEqual([]);
});

describe('in an inventory that has forgotten its past', () => {
  test.for<[string, Tampering, string[]]>([
    [
      'a row of changes behind the horizon is missing',
      statements(`DELETE FROM changes WHERE change_id = (SELECT min(change_id) FROM changes)`),
      ['ledger', 'history', 'content'],
    ],
    [
      'a diff behind the horizon says another value',
      statements(`UPDATE changes SET diff = replace(diff, 'name ', 'game ')`),
      ['history', 'content'],
    ],
    [
      'an image that nothing is on record of is another',
      statements(`UPDATE stored_images SET filename = 'x' WHERE id = ${untouched}`),
      ['content'],
    ],
    ['a bit of its name has flipped', bytes('acc/19.png', 'acc/19.qng'), ['content']],
    [
      'an image that nothing is on record of is missing',
      statements(`DELETE FROM stored_images WHERE id = ${untouched}`),
      ['ledger', 'content'],
    ],
    [
      'the hash of the horizon is another',
      statements(`UPDATE runs SET content_hash = replace(content_hash, substr(content_hash, 1, 1), 'z')
        WHERE run_id = ${HORIZON}`),
      ['content'],
    ],
    [
      'the horizon counts another number of images',
      statements(`UPDATE runs SET unchanged = unchanged + 1 WHERE run_id = ${HORIZON}`),
      ['ledger'],
    ],
    [
      'the run behind the horizon counts another number of changes',
      statements(
        `UPDATE runs SET added = added + 1, unchanged = unchanged - 1 WHERE run_id = ${NEXT}`,
      ),
      ['ledger'],
    ],
    [
      'an image that nothing is on record of changed behind the horizon',
      statements(`UPDATE stored_images SET changed_run = ${LAST} WHERE id = ${untouched}`),
      ['history'],
    ],
    [
      'an image changed behind the horizon, and only what is forgotten says so',
      statements(`UPDATE stored_images SET changed_run = ${LAST} WHERE id = ${untouched};
        INSERT INTO changes (run_id, account_id, image_id, kind, diff, at)
        SELECT ${HORIZON}, 'acc', id, 'changed', '{}', '' FROM stored_images
        WHERE account_key = 1 AND changed_run = ${LAST} AND id NOT IN (SELECT image_id FROM changes)`),
      ['history'],
    ],
    [
      'an image was first seen after it changed',
      statements(`UPDATE stored_images SET first_seen_run = ${HORIZON},
        changed_run = (SELECT min(run_id) FROM ${PUBLISHED}) WHERE id = ${untouched}`),
      ['rows'],
    ],
    [
      'an image with a history was first seen behind the horizon',
      statements(`UPDATE stored_images SET first_seen_run = ${NEXT}, changed_run = ${LAST} WHERE account_key = 1
        AND id = (SELECT image_id FROM changes WHERE account_id = 'acc' AND kind = 'changed' ORDER BY run_id DESC LIMIT 1)`),
      ['history'],
    ],
    [
      'an image that was removed before the horizon was removed behind it',
      statements(`UPDATE removed_images SET removed_run = ${NEXT} WHERE id = ${removedBefore}`),
      ['history'],
    ],
    [
      'an image was removed before it changed',
      statements(`UPDATE removed_images SET removed_run = changed_run WHERE id = ${removedBefore}`),
      ['rows'],
    ],
    ['the horizon is no run', setHorizon('9999'), ['foreign keys', 'ledger']],
    [
      'the horizon lies before the first run',
      setHorizon('0'),
      ['foreign keys', 'ledger', 'history'],
    ],
    [
      'the horizon is a run that failed',
      setHorizon("(SELECT max(run_id) FROM runs WHERE account_id = 'acc' AND status = 'failed')"),
      ['ledger'],
    ],
    [
      'the horizon is a run of another account',
      setHorizon("(SELECT max(run_id) FROM runs WHERE account_id = 'other')"),
      ['ledger'],
    ],
    [
      'the horizon is an earlier run',
      setHorizon(`(SELECT min(run_id) FROM ${PUBLISHED})`),
      ['ledger', 'history', 'content'],
    ],
    ['the horizon is missing', setHorizon('NULL'), ['ledger', 'history', 'content']],
  ])('%s: it is found', ([, tamper, checks]) => {
    const path = forgetfulInventory();
    tamper(path);
    const found = failed(verifyInventory(path, undefined));
    expect(found).toEqual(expect.arrayContaining(checks));
    expect(found[0]).toBe(checks[0]);
  });

  test('whatever is left of what is forgotten is not looked at', () => {
    const path = forgetfulInventory();
    statements(`INSERT INTO changes (run_id, account_id, image_id, kind, diff, at)
      VALUES (${HORIZON}, 'acc', 'acc/1', 'changed', '{"filename":["a","b"]}', '2026-01-01T00:00:00.000Z')`)(
      path,
    );
    expect(failed(verifyInventory(path, undefined))).toEqual([]);
  });
});
