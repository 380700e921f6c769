import type { Database } from 'better-sqlite3';
import { IS_PUBLISHED } from '../ledger.ts';
import type { Check } from './check.ts';
import { GONE, SCOPE, VISIBLE, type Scope } from './scope.ts';

interface Found {
  readonly accountId: string;
  readonly imageId: string;
}

/** A question whose every answer is a row that is not as it should be. Its one parameter is that of the scope. */
type Question = readonly [problem: string, from: string, condition: string];

const JSON_COLUMNS = ['meta', 'variants', 'extra', 'null_fields'] as const;

const isPublished = (column: string): string => `EXISTS (
  SELECT 1 FROM runs WHERE runs.run_id = i.${column} AND runs.account_id = s.account_id AND ${IS_PUBLISHED})`;
const areNotPublished = (...columns: readonly string[]): string =>
  columns.map((column) => `NOT ${isPublished(column)}`).join(' OR ');

const IS_SILENT = `NOT EXISTS (
  SELECT 1 FROM changes AS c WHERE c.account_id = s.account_id AND c.image_id = i.id
    AND c.run_id > ifnull(s.horizon, 0))`;

const IS_EARLIER = 'i.changed_run < i.first_seen_run';
const STAGED = 'stored_images AS i CROSS JOIN scope AS s ON s.account_key = i.account_key';
const CHANGED = 'staged_images AS i JOIN scope AS s ON s.account_key = i.account_key';
/** An interrupted run's stage is no damage; what belongs to none would be published by the next run. */
const belongsToStage = (condition: string): string =>
  `EXISTS (SELECT 1 FROM stages AS g WHERE g.account_key = i.account_key AND ${condition})`;

const ROWS: readonly Question[] = [
  [
    'was seen or changed by a run that published nothing',
    VISIBLE,
    areNotPublished('first_seen_run', 'changed_run'),
  ],
  [
    'was seen, changed or removed by a run that published nothing',
    GONE,
    areNotPublished('first_seen_run', 'changed_run', 'removed_run'),
  ],
  ['changed before it was first seen', VISIBLE, IS_EARLIER],
  [
    'changed before it was first seen, or was removed before that',
    GONE,
    `${IS_EARLIER} OR i.removed_run <= i.changed_run`,
  ],
  [
    'is there and among the removed ones',
    GONE,
    `EXISTS (SELECT 1 FROM stored_images AS p
       WHERE p.account_key = s.account_key AND p.id = i.id AND p.row_id <= s.visible_row)`,
  ],
  [
    'is not yet to be seen, and belongs to no run under way',
    STAGED,
    `i.row_id > s.visible_row AND NOT ${belongsToStage('g.first_row <= i.row_id')}`,
  ],
  ['has a flag that is neither 0 nor 1', VISIBLE, 'i.require_signed_urls NOT IN (0, 1)'],
  ['has a flag that is neither 0 nor 1', GONE, 'i.require_signed_urls NOT IN (0, 1)'],
  ['is to be changed, but by no run under way', CHANGED, `NOT ${belongsToStage('true')}`],
];

/** Checks what can be said of a row by itself. */
export function checkRows(database: Database, scope: Scope, check: Check): void {
  check.count(countOf(database, scope, VISIBLE), 'image');
  check.count(countOf(database, scope, GONE), 'removed image');
  ask(database, scope, check, ROWS);
  for (const from of [VISIBLE, GONE]) checkJson(database, scope, check, from);
}

/** Checks that images without any row of `changes` are those that no run after the first, or after the horizon, touched. */
export function checkSilentImages(database: Database, scope: Scope, check: Check): void {
  ask(database, scope, check, [
    [
      'came or changed after the first run, yet no row of changes says so',
      VISIBLE,
      `s.horizon IS NULL AND ${IS_SILENT}
        AND (i.first_seen_run IS NOT s.baseline OR i.changed_run IS NOT s.baseline)`,
    ],
    [
      'came or changed after what is forgotten, yet no row of changes says so',
      VISIBLE,
      `(i.first_seen_run > s.horizon OR i.changed_run > s.horizon) AND ${IS_SILENT}`,
    ],
    [
      'is gone, yet no row of changes says so',
      GONE,
      `ifnull(i.removed_run > s.horizon, 1) AND ${IS_SILENT}`,
    ],
  ]);
}

function ask(
  database: Database,
  { ids }: Scope,
  check: Check,
  questions: readonly Question[],
): void {
  for (const [problem, from, condition] of questions) {
    const rows = database.prepare<[string], Found>(
      `${SCOPE} SELECT s.account_id AS accountId, i.id AS imageId FROM ${from} WHERE ${condition}`,
    );
    for (const where of rows.iterate(ids)) check.find(problem, where);
  }
}

function checkJson(database: Database, { ids }: Scope, check: Check, from: string): void {
  const cells = JSON_COLUMNS.map((column) => `i.${column}`);
  const rows = database.prepare<[string], Found & Cells>(
    `${SCOPE} SELECT s.account_id AS accountId, i.id AS imageId, ${cells.join(', ')} FROM ${from}
     WHERE NOT (${cells.map((cell) => `ifnull(json_valid(${cell}), 1)`).join(' AND ')})`,
  );
  for (const { accountId, imageId, ...values } of rows.iterate(ids)) {
    const wrong = JSON_COLUMNS.filter((column) => !isJson(values[column]));
    if (wrong.length > 0) check.find(`has no JSON in ${wrong.join(', ')}`, { accountId, imageId });
  }
}

type Cells = Readonly<Record<(typeof JSON_COLUMNS)[number], string | null>>;

/** SQLite refuses JSON that is nested deeper than it likes. */
function isJson(text: string | null): boolean {
  if (text === null) return true;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function countOf(database: Database, { ids }: Scope, from: string): number {
  const count = database.prepare<[string], number>(`${SCOPE} SELECT count(*) FROM ${from}`).pluck();
  return count.get(ids) ?? 0;
}
