import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Emulator } from '../../src/emulator/server.ts';
import type { EmulatedAccount } from '../../src/emulator/account.ts';
import { temporaryFolder } from '../support/folder.ts';
import { query } from '../support/inventory.ts';
import { ACCOUNT, clientOf, run, start, type Finished } from '../support/program.ts';
import { serveAccount } from '../support/served-account.ts';
import { openTestSession } from '../support/session.ts';
import { bytes, firstPage, half, page, statements, type Tampering } from '../support/tamper.ts';

const OTHER = 'ffffffffffffffffffffffffffffffff';

interface Report {
  readonly ok: boolean;
  readonly database: string;
  readonly checks: readonly {
    readonly name: string;
    readonly ok: boolean;
    readonly checked: string;
    readonly findings: readonly Readonly<Record<string, unknown>>[];
    readonly unlisted: number;
  }[];
  readonly accounts: readonly Readonly<Record<string, unknown>>[];
}

const verify = (file: string, args: readonly string[] = []): Promise<Finished> =>
  run(['verify', '--db', file, ...args]);
const reportOf = ({ stdout }: Finished): Report => JSON.parse(stdout) as Report;
const failed = ({ checks }: Report): string[] =>
  checks.filter(({ ok }) => !ok).map(({ name }) => name);
const findingsOf = ({ checks }: Report): unknown[] => checks.flatMap(({ findings }) => findings);

/** Everything that can happen to an account, in two of them, over many runs. */
async function writeHistory(database: string): Promise<void> {
  const accounts = [ACCOUNT, OTHER].map((id, seed) => ({ id, images: 60, seed }));
  const emulator = new Emulator({ accounts });
  const baseUrl = await emulator.listen();
  onTestFinished(() => emulator.close());
  const env = {
    ...clientOf(baseUrl),
    CLOUDFLARE_ACCOUNT_ID: `${ACCOUNT},${OTHER}`,
    IMAGE_INVENTORY_DB: database,
    IMAGE_INVENTORY_PER_PAGE: '10',
  };
  const sync = async (more: object = {}, options: object = {}): Promise<void> => {
    const session = openTestSession({ ...env, ...more });
    await session.sync(options);
    await session.close();
  };
  const both = [emulator.account(ACCOUNT), emulator.account(OTHER)];
  const rounds: ((account: EmulatedAccount) => void)[] = [
    (account) => {
      account.upload({ id: 'odd/1', filename: 'a.png', creator: 'ann', meta: { n: 1 } });
      account.upload({ id: 'twin', filename: 'twin.png', creator: 'ann', meta: { b: 1, a: 2 } });
      account.upload({ id: 'comes and goes', filename: 'x.png', creator: 'bob' });
    },
    (account) => {
      account.upload({ id: 'later', filename: 'later.png', creator: 'ann', meta: { n: 3 } });
      account.patch('odd/1', { creator: 'bob', meta: { n: 2, list: [1, null] } });
      account.patch('twin', { requireSignedURLs: true });
      account.delete('comes and goes');
    },
    (account) => {
      account.upload({ id: 'comes and goes', filename: 'y.png', creator: 'ann' });
      account.replace('odd/1', {
        id: 'odd/1',
        filename: null,
        meta: null,
        variants: null,
        size: 5,
      });
    },
    (account) => {
      account.replace('odd/1', { id: 'odd/1', filename: 7, creator: ['x'], meta: { z: 1, a: 2 } });
      account.patch('later', { meta: { n: 4 } });
    },
    (account) => {
      account.replace('odd/1', { id: 'odd/1', filename: '', meta: { a: 2, z: 1 }, variants: [] });
      account.delete('comes and goes');
    },
  ];
  for (const account of both) account.upload({ id: 'old', filename: 'never touched.png' });
  await sync({}, { mode: 'dry-run' });
  await sync();
  for (const round of rounds) {
    for (const account of both) round(account);
    await sync({}, { mode: 'dry-run' });
    await sync();
  }
  for (const account of both) {
    account.patch('later', { meta: { n: 5 } });
    account.upload({ id: 'latest', creator: 'ann' });
  }
  await sync({ IMAGE_INVENTORY_CREATOR: 'ann' });
  for (const account of both) account.upload({ id: 'found quickly' });
  await sync({}, { mode: 'quick' });
  emulator.faults.add({ name: 'html-502', path: /page=3&/, times: 1000 });
  await sync({ IMAGE_INVENTORY_MAX_RETRIES: '0' });
  emulator.faults.clear();
  for (const { id } of both[0]?.all().slice(0, 40) ?? []) both[0]?.delete(id);
  await sync({ IMAGE_INVENTORY_REMOVAL_MAX_COUNT: '5' }, { allowMassRemoval: false });
}

let history: Buffer | undefined;

/** A copy of one sound database of many runs. */
async function soundDatabase(): Promise<string> {
  const file = join(temporaryFolder(), 'inventory.db');
  if (history === undefined) {
    await writeHistory(file);
    history = readFileSync(file);
  } else {
    writeFileSync(file, history);
  }
  return file;
}

describe('a sound database', () => {
  test('is proved so, whatever became of its runs, and not a byte of it is touched', async () => {
    const file = await soundDatabase();
    const kinds = query(file, 'SELECT DISTINCT kind FROM changes ORDER BY kind');
    expect(kinds.map(({ kind }) => kind)).toEqual(['added', 'changed', 'removed', 'restored']);
    const ends = query(file, 'SELECT DISTINCT status FROM runs ORDER BY status');
    expect(ends.map(({ status }) => status)).toEqual(['complete', 'held', 'incomplete']);
    expect(query(file, `SELECT * FROM changes WHERE diff LIKE '{"id":%'`)).toHaveLength(4);
    const before = readFileSync(file);

    const finished = await verify(file, ['--json']);
    const report = reportOf(finished);
    expect(findingsOf(report)).toEqual([]);
    expect(finished).toMatchObject({ code: 0, stderr: '' });
    expect(report).toMatchObject({ ok: true, database: file });
    const names = [
      'integrity',
      'schema',
      'foreign keys',
      'ledger',
      'history',
      'content',
      'rows',
      'search',
    ];
    expect(report.checks.map(({ name }) => name)).toEqual(names);
    const hashes = query(
      file,
      `SELECT account_id, max(run_id) AS run_id, NULL AS forgotten_run, content_hash,
         (SELECT count(*) FROM images WHERE images.account_id = runs.account_id) AS images
       FROM runs WHERE status = 'complete' AND mode <> 'dry-run' GROUP BY account_id`,
    );
    expect(report.accounts).toEqual(hashes);
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test('is told in a line for each check and each account', async () => {
    const { code, stdout, stderr } = await verify(await soundDatabase());
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(10);
    for (const line of lines.slice(0, 8)) expect(line).toMatch(/^✔ [a-z ]{12}  \S/);
    expect(lines[8]).toMatch(new RegExp(`^${ACCOUNT}  run \\d+  +\\d+ images  [0-9a-f]{16}$`));
    expect(lines[9]).toContain(OTHER);
  });

  test('can be asked for one account, but not for one that it does not know', async () => {
    const file = await soundDatabase();
    const one = await verify(file, ['--json', '--account', OTHER]);
    expect(reportOf(one).accounts).toMatchObject([{ account_id: OTHER }]);
    expect(await verify(file, ['--account', 'stranger'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('never read the account stranger') as string,
    });
  });

  test('without sums of its first runs is proved as far as it goes, and that is said', async () => {
    const file = await soundDatabase();
    statements('UPDATE runs SET content_hash = NULL WHERE run_id < 14')(file);
    const report = reportOf(await verify(file, ['--json']));
    expect(findingsOf(report)).toEqual([]);
    expect(report.checks[5]?.checked).toMatch(/^\d+ runs, \d+ older runs left out/);
  });
});

test('there is nothing to prove where there is no inventory', async () => {
  const { code, stdout, stderr } = await verify(join(temporaryFolder(), 'none.db'));
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain('there is no inventory');
});

describe('damage is found', () => {
  const LAST = `(SELECT max(run_id) FROM runs WHERE content_hash IS NOT NULL AND account_id = '${ACCOUNT}')`;
  const ODD = `account_id = '${ACCOUNT}' AND image_id = 'odd/1'`;
  /** The internal row of an image of the first account. */
  const row = (id: string): string => `account_key = 1 AND id = '${id}'`;
  const anyBaselineRow = `row_id = (SELECT min(row_id) FROM stored_images
    WHERE NOT EXISTS (SELECT 1 FROM changes WHERE image_id = id))`;

  test.for<[string, Tampering, string[]]>([
    [
      'a row of changes is missing',
      statements(`DELETE FROM changes WHERE ${ODD} AND run_id < ${LAST} AND kind = 'changed'`),
      ['ledger', 'history', 'content'],
    ],
    [
      'an addition is missing',
      statements("DELETE FROM changes WHERE image_id = 'latest'"),
      ['ledger', 'history', 'content'],
    ],
    [
      'a diff says another value after',
      statements(`UPDATE changes SET diff = replace(diff, ',{"n":4}]', ',{"n":9}]')`),
      ['history'],
    ],
    [
      'a diff says another value before',
      statements(`UPDATE changes SET diff = replace(diff, '[{"n":4},', '[{"n":9},')`),
      ['history', 'content'],
    ],
    [
      'a diff is no JSON',
      statements(`UPDATE changes SET diff = 'x' WHERE ${ODD}`),
      ['history', 'content'],
    ],
    [
      'a change is of a run that published nothing',
      statements(
        `UPDATE changes SET run_id = (SELECT max(run_id) FROM runs WHERE account_id = '${ACCOUNT}')
          WHERE image_id = 'latest' AND account_id = '${ACCOUNT}'`,
      ),
      ['ledger', 'history', 'content'],
    ],
    [
      'the meta of an image is another',
      statements(`UPDATE stored_images SET meta = '{"n":6}' WHERE ${row('later')}`),
      ['history', 'content'],
    ],
    [
      'the meta of an image is only worded otherwise',
      statements(`UPDATE stored_images SET meta = '{"n": 5}' WHERE ${row('later')}`),
      ['history', 'content'],
    ],
    [
      'the meta of an image is no JSON',
      statements(`UPDATE stored_images SET meta = '{' WHERE ${anyBaselineRow}`),
      ['content', 'rows'],
    ],
    [
      'the name of an image that never changed is another',
      statements(`UPDATE stored_images SET filename = 'x' WHERE ${anyBaselineRow}`),
      ['content'],
    ],
    [
      'a bit of a name has flipped',
      bytes('never touched.png', 'never tou#hed.png'),
      ['content', 'search'],
    ],
    ...['added', 'changed', 'removed', 'restored'].map((kind): [string, Tampering, string[]] => [
      `a run counts more ${kind}`,
      statements(`UPDATE runs SET ${kind} = ${kind} + 1 WHERE run_id = ${LAST} - 2`),
      ['ledger'],
    ]),
    [
      'a run counts more than there was',
      statements(`UPDATE runs SET unchanged = unchanged + 100 WHERE run_id = ${LAST}`),
      ['ledger'],
    ],
    [
      'the first run counts less',
      statements('UPDATE runs SET added = added - 1 WHERE run_id = 3'),
      ['ledger'],
    ],
    [
      'a run that changed nothing counts changes',
      statements("UPDATE runs SET changed = 1 WHERE status = 'held'"),
      ['ledger'],
    ],
    [
      'an image is missing',
      statements(`DELETE FROM stored_images WHERE ${anyBaselineRow}`),
      ['ledger', 'content'],
    ],
    [
      'there is an image too many',
      statements(`UPDATE stored_images SET row_id = 100000 WHERE row_id = 1;
        UPDATE accounts SET visible_row = 100000 WHERE account_key = 1;
        INSERT INTO stored_images (account_key, id, first_seen_run, changed_run, row_id)
        VALUES (1, 'forged', 3, 3, 1)`),
      ['ledger', 'content', 'search'],
    ],
    [
      'an image that came later has no history',
      statements(`UPDATE stored_images SET changed_run = ${LAST} WHERE ${anyBaselineRow}`),
      ['history'],
    ],
    [
      'a row dates from a run that changed nothing',
      statements("UPDATE stored_images SET changed_run = 1 WHERE account_key = 1 AND id = 'later'"),
      ['history', 'rows'],
    ],
    [
      'the hash of the last run is another',
      statements(`UPDATE runs SET content_hash = replace(content_hash, substr(content_hash, 1, 1), 'e')
        WHERE run_id IN (${LAST}, ${LAST} - 1)`),
      ['content'],
    ],
    [
      'the hash of an earlier run is another',
      statements(`UPDATE runs SET content_hash = 'x' WHERE run_id = 7`),
      ['content'],
    ],
    [
      'the hash of a run is missing',
      statements(`UPDATE runs SET content_hash = NULL WHERE run_id = ${LAST}`),
      ['content'],
    ],
    [
      'a removed image is forgotten',
      statements("DELETE FROM removed_images WHERE id = 'comes and goes'"),
      ['history'],
    ],
    [
      'a removed image was another',
      statements("UPDATE removed_images SET filename = 'z' WHERE id = 'comes and goes'"),
      ['history'],
    ],
    [
      'an image is there and removed',
      statements(`UPDATE removed_images SET id = 'later' WHERE id = 'comes and goes'`),
      ['history', 'rows'],
    ],
    [
      'a reference leads nowhere',
      statements(`UPDATE stored_images SET first_seen_run = 999 WHERE ${row('later')}`),
      ['foreign keys', 'history', 'rows'],
    ],
    [
      'a new row belongs to no run',
      statements(`INSERT INTO stored_images (account_key, id, first_seen_run, changed_run, row_id)
        VALUES (1, 'forged', 3, 3, 100000)`),
      ['rows'],
    ],
    [
      'a table is missing',
      statements('DROP VIEW image_nulls; DROP TABLE removed_images'),
      ['schema', 'ledger', 'history', 'content', 'rows'],
    ],
    ['a view is missing', statements('DROP VIEW images'), ['schema']],
    ['an index is missing', statements('DROP INDEX changes_by_run'), ['schema']],
    [
      'a view shows something else',
      statements('DROP VIEW image_nulls; CREATE VIEW image_nulls AS SELECT 1'),
      ['schema'],
    ],
    [
      'a run started at no time',
      statements("UPDATE runs SET started_at = 'yesterday' WHERE run_id = 3"),
      ['ledger'],
    ],
    [
      'a run never ended',
      statements('UPDATE runs SET finished_at = NULL WHERE run_id = 3'),
      ['ledger'],
    ],
    [
      'a complete run has an error',
      statements("UPDATE runs SET error_code = 'HELD' WHERE run_id = 3"),
      ['ledger'],
    ],
    [
      'a run counts fewer requests than none',
      statements('UPDATE runs SET requests = -5 WHERE run_id = 3'),
      ['ledger'],
    ],
    [
      'a run went on behind a later one',
      statements('UPDATE runs SET resumed_run = run_id WHERE run_id = 3'),
      ['ledger'],
    ],
    [
      'a quick run removed images',
      statements("UPDATE runs SET mode = 'quick' WHERE mode = 'full' AND removed > 0"),
      ['ledger'],
    ],
    [
      'a quick run went on behind another one',
      statements("UPDATE runs SET mode = 'quick', resumed_run = 1 WHERE status = 'incomplete'"),
      ['ledger'],
    ],
    [
      'a run had no such creators',
      statements("UPDATE runs SET creators = 'x' WHERE run_id = 3"),
      ['ledger'],
    ],
    [
      'a flag is neither true nor false',
      statements(`UPDATE stored_images SET require_signed_urls = 2 WHERE ${anyBaselineRow}`),
      ['rows'],
    ],
    ['a page of a table is overwritten', page('stored_images'), ['integrity']],
    ['a page of an index is overwritten', page('changes_by_image'), ['integrity']],
    ['the accounts cannot be read', page('accounts'), ['integrity', 'ledger', 'content', 'rows']],
    ['the file is cut off', half, ['integrity']],
    ['the first page is overwritten', firstPage, ['integrity']],
  ])('%s', async ([, tamper, checks]) => {
    const file = await soundDatabase();
    tamper(file);
    const finished = await verify(file, ['--json']);
    expect(finished).toMatchObject({ code: 5, stderr: '' });
    const report = reportOf(finished);
    expect(report.ok).toBe(false);
    expect(failed(report)).toEqual(expect.arrayContaining(checks));
    if (!failed(report).includes('integrity')) expect(failed(report)).toEqual(checks);
  });

  test('and told at its place, for people as for programs, with no character that a terminal obeys', async () => {
    const file = await soundDatabase();
    statements(`
      UPDATE stored_images SET filename = 'x' WHERE ${row('later')};
      UPDATE changes SET diff = '{"\\u001b[2J":[1,2]}' WHERE ${ODD};
      UPDATE changes SET image_id = image_id || char(27) WHERE account_id = '${OTHER}'`)(file);
    const { code, stdout, stderr } = await verify(file);
    expect({ code, stderr }).toEqual({ code: 5, stderr: '' });
    expect(stdout).toContain('✖ history');
    expect(stdout).toContain('image later: ');
    expect(stdout).toContain('\\u001b[2J');
    expect(stdout.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f]/);
    const { checks } = reportOf(await verify(file, ['--json']));
    expect(checks[4]?.findings).toContainEqual({
      account_id: ACCOUNT,
      image_id: 'odd/1',
      run_id: expect.any(Number) as number,
      problem: expect.stringContaining('cannot be read') as string,
    });
  });

  test('but no more than twenty findings of a check are listed', async () => {
    const file = await soundDatabase();
    statements('UPDATE stored_images SET changed_run = 1')(file);
    const rows = reportOf(await verify(file, ['--json'])).checks.find(
      ({ name }) => name === 'rows',
    );
    expect(rows?.findings).toHaveLength(20);
    expect(rows?.unlisted).toBeGreaterThan(20);
    expect((await verify(file)).stdout).toMatch(/→ and \d+ more/);
  });
});

describe('beside a writer', () => {
  test('what a run under way has staged is no damage, nor what a killed one left', async () => {
    const served = await serveAccount({ images: 60 });
    const pages = { IMAGE_INVENTORY_PER_PAGE: '10', IMAGE_INVENTORY_CONCURRENCY: '1' };
    await served.sync([], pages);
    const [gone, changed] = served.account.all();
    served.account.delete(String(gone?.id));
    await served.sync([], pages);
    served.account.upload({ id: String(gone?.id) });
    served.account.upload({ id: 'new' });
    served.account.patch(String(changed?.id), { meta: { n: 1 } });
    served.emulator.faults.add({ name: 'hang', path: /page=3&/ });
    const writer = start(['sync'], { ...served.env, ...pages });
    await writer.logged('sync.page');
    const staged = 'SELECT (SELECT count(*) FROM staged_images), (SELECT count(*) FROM stages)';
    expect(Object.values(query(served.database, staged)[0] ?? {})).toEqual([1, 1]);

    const during = await verify(served.database, ['--json']);
    expect(findingsOf(reportOf(during))).toEqual([]);
    expect(during.code).toBe(0);
    writer.child.kill('SIGKILL');
    await writer.finished;
    expect(await verify(served.database)).toMatchObject({ code: 0, stderr: '' });
  });

  test('a proof is of one state, however often the writer commits meanwhile', async () => {
    const served = await serveAccount({ images: 3000 });
    const { sync } = openTestSession({ ...served.env, IMAGE_INVENTORY_PER_PAGE: '100' });
    await sync();
    const ended = new AbortController();
    const proofs = (async () => {
      for (let proof = 0; proof < 3; proof += 1) {
        const finished = await verify(served.database, ['--json']);
        expect(findingsOf(reportOf(finished))).toEqual([]);
        expect(finished).toMatchObject({ code: 0, stderr: '' });
      }
    })().finally(() => ended.abort());
    for (let round = 0; !ended.signal.aborted; round += 1) {
      const [first, second] = served.account.all();
      served.account.delete(String(first?.id));
      served.account.patch(String(second?.id), { meta: { round } });
      served.account.upload({ id: `new/${round}` });
      await sync();
    }
    await proofs;
    expect((await verify(served.database)).code).toBe(0);
  });
});
