import type { Database } from 'better-sqlite3';
import type { Check } from './check.ts';

/** Rows whose words are looked up one by one, evenly spread; of an inventory with fewer rows all of them. */
const SAMPLE = 1000;

/**
 * Checks the full-text index against the rows that it is made from, which are those that readers see. SQLite's own check needs to write,
 * and `integrity_check` looks at the index's structure alone. So: every such row is in the index and nothing else is, the index
 * holds as many words as were written to it, and a sample of rows is found by each of its words.
 */
export function checkSearch(database: Database, check: Check): void {
  const rows = countRows(database);
  check.count(rows, 'row');
  for (const [problem, sql] of ASTRAY) {
    for (const rowId of database.prepare<[], number>(sql).pluck().iterate()) {
      check.find(`row ${rowId} of stored_images ${problem}`);
    }
  }
  check.count(checkWords(database, check), 'word');
  check.count(checkSample(database, Math.max(1, Math.ceil(rows / SAMPLE)), check), 'sampled row');
}

const VISIBLE = 'stored_images AS i CROSS JOIN accounts AS a ON a.account_key = i.account_key';

const ASTRAY = [
  [
    'is not in the full-text index',
    `SELECT i.row_id FROM ${VISIBLE} LEFT JOIN images_text_docsize AS d ON d.id = i.row_id
     WHERE i.row_id <= a.visible_row AND d.id IS NULL`,
  ],
  [
    'is in the full-text index, yet not there',
    `SELECT d.id FROM images_text_docsize AS d
     LEFT JOIN (SELECT i.row_id FROM ${VISIBLE} WHERE i.row_id <= a.visible_row) AS i ON i.row_id = d.id
     WHERE i.row_id IS NULL`,
  ],
] as const;

function countRows(database: Database): number {
  const count = `SELECT count(*) FROM ${VISIBLE} WHERE i.row_id <= a.visible_row`;
  return database.prepare<[], number>(count).pluck().get() ?? 0;
}

/** Words of rows that are gone, or that a row no longer has, would be found by nothing else. */
function checkWords(database: Database, check: Check): number {
  database.exec('CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, images_text, row)');
  const held =
    database.prepare<[], number>('SELECT ifnull(sum(cnt), 0) FROM temp.words').pluck().get() ?? 0;
  const record = database
    .prepare<[], Buffer>('SELECT block FROM images_text_data WHERE id = 1')
    .pluck()
    .get();
  // The number of rows, then that of the words of each column.
  const [, ...words] = readVarints(record ?? Buffer.alloc(0));
  const written = words.reduce((sum, count) => sum + count, 0);
  if (held !== written) {
    check.find(`the full-text index holds ${held} words, ${written} were written to it`);
  }
  return held;
}

/** SQLite's variable-length integers, as far as they fit a number: seven bits a byte, the highest first. */
function readVarints(bytes: Buffer): number[] {
  const values: number[] = [];
  let value = 0;
  for (const byte of bytes) {
    value = value * 128 + (byte & 127);
    if (byte >= 128) continue;
    values.push(value);
    value = 0;
  }
  return values;
}

interface Word {
  readonly rowId: number;
  readonly term: string;
  readonly column: string;
}

/** Indexes every so-many-th row anew, for itself, and compares. @returns How many rows that were. */
function checkSample(database: Database, step: number, check: Check): number {
  database.exec(`
    CREATE VIRTUAL TABLE temp.sampled USING fts5 (id, filename, creator, meta, content = '');
    CREATE VIRTUAL TABLE temp.sampled_words USING fts5vocab(temp, sampled, instance)`);
  const { changes } = database
    .prepare(
      `INSERT INTO temp.sampled (rowid, id, filename, creator, meta)
       SELECT row_id, id, filename, creator, meta FROM images_text_source WHERE row_id % ? = 0`,
    )
    .run(step);
  const resized = database.prepare<[], number>(
    `SELECT id FROM temp.sampled_docsize AS s JOIN main.images_text_docsize AS d USING (id)
     WHERE s.sz IS NOT d.sz`,
  );
  for (const rowId of resized.pluck().iterate()) {
    check.find(`row ${rowId} of stored_images has another number of words in the full-text index`);
  }
  const find = database.prepare<[string, number]>(
    'SELECT 1 FROM main.images_text WHERE images_text MATCH ? AND rowid = ?',
  );
  const words = database.prepare<[], Word>(
    'SELECT DISTINCT doc AS rowId, term, col AS "column" FROM temp.sampled_words',
  );
  for (const { rowId, term, column } of words.iterate()) {
    if (find.get(`{${column}} : "${term}"`, rowId) !== undefined) continue;
    check.find(`row ${rowId} of stored_images is not found by a word of its ${column}`);
  }
  return changes;
}
