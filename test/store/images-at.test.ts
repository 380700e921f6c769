import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../../src/inventory/canonical-json.ts';
import { openSnapshot } from '../../src/store/database.ts';
import { select } from '../../src/store/selection.ts';
import { verifyInventory } from '../../src/store/verify/verify.ts';
import { query, type Row } from '../support/inventory.ts';
import { END, imageOf as image, openStore, openStoreWith } from '../support/opened-store.ts';
import { pageOf } from '../support/page.ts';
import { RandomAccount } from '../support/random-account.ts';
import { seededRandom } from '../support/random.ts';
import { statements } from '../support/tamper.ts';

const JSON_COLUMNS = ['meta', 'variants', 'extra'];

/** Rows whose JSON is in one spelling. */
function spelled(rows: readonly Row[]): Row[] {
  return rows.map((row) => ({
    ...row,
    ...Object.fromEntries(
      JSON_COLUMNS.map((column) => {
        const text = row[column];
        return [column, typeof text === 'string' ? canonicalJson(text) : null];
      }),
    ),
  }));
}

/** The same images as `export --as-of` reads them: a second opinion. */
function exported(path: string, runId: number): Row[] {
  const database = openSnapshot(path);
  const everything = { accountIds: undefined, columns: undefined, where: undefined };
  const { columns, rows } = select(database, {
    ...everything,
    isRemoved: false,
    moment: { is: 'run', runId },
  });
  const names = columns.map(({ name }) => name).filter((name) => name !== 'null_fields');
  const found = Array.from(
    rows,
    (row) =>
      Object.fromEntries([
        ['run_id', runId],
        ...names.map((name, index) => [name, row[index]]),
      ]) as Row,
  );
  database.close();
  return found.sort((a, b) =>
    Buffer.compare(Buffer.from(String(a['id'])), Buffer.from(String(b['id']))),
  );
}

const SEEDS = Array.from({ length: 25 }, (_, index) => index + 1);

describe.for(SEEDS)('random runs of two accounts, seed %i', (seed) => {
  test('images_at has the images of every run as they were shown just after it', () => {
    const random = seededRandom(seed);
    const opened = openStore();
    const accounts = ['acc', 'other'].map((id) => ({ id, account: new RandomAccount(id, random) }));
    const shown = new Map<number, readonly Row[]>();
    for (let round = 0; round < 16; round += 1) {
      const { id, account } = random.pick(accounts);
      account.change();
      const runId = account.run(opened);
      if (runId === undefined) continue;
      shown.set(
        runId,
        query(opened.path, 'SELECT * FROM images WHERE account_id = ? ORDER BY id', id),
      );
    }
    expect(
      verifyInventory(opened.path, undefined).checks.flatMap((check) => check.findings),
    ).toEqual([]);
    const published = query(opened.path, 'SELECT DISTINCT run_id FROM images_at');
    for (const { run_id: runId } of published) expect([...shown.keys()]).toContain(runId);
    for (const [runId, rows] of shown) {
      const then = query(
        opened.path,
        'SELECT * FROM images_at WHERE run_id = ? ORDER BY id',
        runId,
      );
      const expected = rows.map((row) => ({ run_id: runId, ...row }));
      expect(spelled(then), `run ${runId}`).toEqual(spelled(expected));
      expect(spelled(exported(opened.path, runId)), `run ${runId}`).toEqual(spelled(expected));
    }
  });
});

test('a condition means the same of an image that a later run touched', () => {
  const first = { ...image('7', '7'), uploaded: '2026-01-01', requireSignedUrls: true };
  const { path, begin } = openStoreWith([first]);
  const stage = begin();
  stage.add(pageOf([{ ...first, filename: 'new', uploaded: '2027', requireSignedUrls: false }]));
  stage.publish(END);
  const then = (condition: string): unknown[] =>
    query(path, `SELECT id FROM images_at WHERE run_id = 1 AND ${condition}`);
  for (const condition of [
    ...['id = 7', 'filename = 7', 'uploaded < 2027', "require_signed_urls = '1'"],
    ...["first_seen_run = '1'", "changed_run < '2'"],
  ]) {
    expect(then(condition), condition).toEqual([{ id: '7' }]);
  }
});

test('an image that comes, changes, goes and comes back', () => {
  const { path, begin } = openStoreWith([image('a', 'first'), image('b')]);
  const run = (...files: string[]): void => {
    const stage = begin();
    stage.add(pageOf([image('b'), ...files.map((file) => image('a', file))]));
    stage.condemnRest();
    stage.publish(END);
  };
  run('second');
  run();
  run('third');
  run('fourth');
  const then = (runId: number): unknown =>
    query(
      path,
      "SELECT filename, first_seen_run, changed_run FROM images_at WHERE run_id = ? AND id = 'a'",
      runId,
    ).map((row) => Object.values(row));
  expect([1, 2, 3, 4, 5].map(then)).toEqual([
    [['first', 1, 1]],
    [['second', 1, 2]],
    [],
    [['third', 1, 4]],
    [['fourth', 1, 5]],
  ]);
});

test('what is forgotten has no rows, and when an image last changed may be unknown', () => {
  const { path, begin } = openStoreWith([image('a', 'first'), image('b')]);
  for (const file of ['second', 'third', 'fourth']) {
    const stage = begin();
    stage.add(pageOf([image('a', file), image('b')]));
    stage.publish(END);
  }
  statements('UPDATE accounts SET forgotten_run = 2; DELETE FROM changes WHERE run_id <= 2')(path);
  expect(
    query(path, 'SELECT run_id, id, filename, changed_run FROM images_at ORDER BY 1, 2'),
  ).toEqual([
    { run_id: 2, id: 'a', filename: 'second', changed_run: null },
    { run_id: 2, id: 'b', filename: null, changed_run: 1 },
    { run_id: 3, id: 'a', filename: 'third', changed_run: 3 },
    { run_id: 3, id: 'b', filename: null, changed_run: 1 },
    { run_id: 4, id: 'a', filename: 'fourth', changed_run: 4 },
    { run_id: 4, id: 'b', filename: null, changed_run: 1 },
  ]);
});

test('a diff that SQLite cannot read ends the query, where the image is asked for', () => {
  const { path, begin } = openStoreWith([image('a'), image('b')]);
  const stage = begin();
  const meta = '['.repeat(3000) + ']'.repeat(3000);
  stage.add(pageOf([{ ...image('a'), meta }, image('b', 'new')]));
  stage.publish(END);
  const at = (runId: number): unknown =>
    query(path, 'SELECT id, filename FROM images_at WHERE run_id = ? ORDER BY id', runId);
  expect(() => at(1)).toThrow('malformed JSON');
  expect(at(2)).toEqual([
    { id: 'a', filename: null },
    { id: 'b', filename: 'new' },
  ]);
  expect(query(path, "SELECT filename FROM images_at WHERE run_id = 1 AND id = 'b'")).toEqual([
    { filename: null },
  ]);
});
