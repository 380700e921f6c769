import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { query } from '../support/inventory.ts';
import { openStoreWith } from '../support/opened-store.ts';
import { statements } from '../support/tamper.ts';

/** How SQLite would answer, one step a line. */
function planOf(path: string, sql: string): readonly string[] {
  return query(path, `EXPLAIN QUERY PLAN ${sql}`).map(({ detail }) => String(detail));
}

/** Reading every image's row: an index that holds all that is asked for is a quarter as large. */
const WHOLE_TABLE = /^SCAN (i|stored_images)$/;

describe('what people ask often is answered from an index', () => {
  test.for([
    [
      "SELECT count(*) FROM images WHERE creator = 'acme'",
      /SEARCH i .*images_by_creator \(creator=\?/,
    ],
    [
      "SELECT id FROM images WHERE account_id = 'acc' AND creator = 'acme' ORDER BY uploaded DESC LIMIT 20",
      /images_by_creator \(creator=\? AND account_key=\?\)/,
    ],
    [
      'SELECT creator, count(*), min(uploaded), max(uploaded) FROM images GROUP BY creator',
      /COVERING INDEX images_by_creator/,
    ],
    ["SELECT id FROM images WHERE uploaded >= '2026-01'", /images_by_upload \(uploaded>\?/],
    [
      'SELECT id FROM images ORDER BY uploaded DESC LIMIT 20',
      /SCAN i USING INDEX images_by_upload/,
    ],
    ['SELECT * FROM creators', /COVERING INDEX images_by_creator/],
    ['SELECT * FROM uploads_by_month', /COVERING INDEX images_by_upload/],
    [
      "SELECT id FROM search WHERE search MATCH 'banner' ORDER BY rank LIMIT 20",
      /SCAN t VIRTUAL TABLE/,
    ],
    ['SELECT id FROM images_at WHERE run_id = 17', /changes_by_run \(run_id>\?/],
  ] as const)('%s', ([sql, step]) => {
    const { path } = openStoreWith([]);
    const plan = planOf(path, sql);
    expect(plan).toContainEqual(expect.stringMatching(step));
    expect(plan.filter((line) => WHOLE_TABLE.test(line))).toEqual([]);
  });

  test.for([
    "SELECT count(*) FROM images WHERE creator = 'acme'",
    'SELECT creator, count(*), min(uploaded), max(uploaded) FROM images GROUP BY creator',
    'SELECT id FROM images ORDER BY uploaded DESC LIMIT 20',
    'SELECT * FROM creators',
  ])('%s: nothing is sorted', (sql) => {
    const { path } = openStoreWith([]);
    expect(planOf(path, sql)).not.toContainEqual(expect.stringMatching(/TEMP B-TREE/));
  });

  test('a full scan would be told', () => {
    const { path } = openStoreWith([]);
    const plan = planOf(path, "SELECT id FROM images WHERE meta ->> '$.album' = 'banner'");
    expect(plan.filter((line) => WHOLE_TABLE.test(line))).toHaveLength(1);
  });
});

test('an index of one’s own, as the README says, is used', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const [create = ''] = /CREATE INDEX[^`;]*/.exec(readme) ?? [];
  const { path, die } = openStoreWith([]);
  die();
  statements(create)(path);
  const [name] = /(?<=INDEX )\w+/.exec(create) ?? [];
  expect(planOf(path, "SELECT id FROM images WHERE meta ->> '$.album' = 'banner'")).toContainEqual(
    expect.stringMatching(`SEARCH i USING INDEX ${String(name)} \\(<expr>=`),
  );
});
