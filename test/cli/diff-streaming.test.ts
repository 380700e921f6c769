import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runOn } from '../support/long-history.ts';
import { imageOf, openStore } from '../support/opened-store.ts';
import { run, runWithStdout } from '../support/program.ts';
import { statements } from '../support/tamper.ts';

const CHANGES = 10_000;
const NAME_LENGTH = 8_000;

/** An inventory whose last run added more than the memory that its reader will be given. */
function largeDifference(): string {
  const store = openStore();
  runOn(store, 0, [imageOf('a')]);
  runOn(store, 1, [imageOf('a')]);
  store.die();
  // Without sums there is nothing to prove, as in an inventory of an older program.
  statements(`
    UPDATE runs SET content_hash = NULL;
    INSERT INTO stored_images (account_key, id, filename, first_seen_run, changed_run)
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${CHANGES})
      SELECT 1, printf('image %06d', i), printf('%0${NAME_LENGTH}d', i), 2, 2 FROM n;
    UPDATE accounts SET visible_row = (SELECT max(row_id) FROM stored_images);
    INSERT INTO changes (run_id, account_id, image_id, kind, diff, at)
      SELECT 2, 'acc', id, 'added', json_object('filename', json_array(NULL, filename)), ''
      FROM stored_images WHERE first_seen_run = 2`)(store.path);
  return store.path;
}

test('what diff holds in memory does not grow with the number of changes', async () => {
  const database = largeDifference();
  const file = join(database, '../diff.json');
  const output = openSync(file, 'w');
  const env = { IMAGE_INVENTORY_DB: database, NODE_OPTIONS: '--max-old-space-size=40' };
  const { code, stderr } = await runWithStdout(['diff', '--json'], env, output);
  closeSync(output);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(statSync(file).size).toBeGreaterThan(CHANGES * NAME_LENGTH);
  const { accounts } = JSON.parse(readFileSync(file, 'utf8')) as {
    accounts: { counts: { added: number }; changes: unknown[] }[];
  };
  expect(accounts[0]?.counts.added).toBe(CHANGES);
  expect(accounts[0]?.changes).toHaveLength(CHANGES);
});

test('a reader that has seen enough ends diff quietly', async () => {
  const database = largeDifference();
  const through = ['bash', '-c', 'set -o pipefail; "$0" "$@" | head -n 6'];
  const env = { IMAGE_INVENTORY_DB: database };
  const { code, stdout, stderr } = await run(['diff'], env, undefined, { through });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.split('\n')[5]).toMatch(/^\+ image 000001 {2}0+…0+1$/);
});
