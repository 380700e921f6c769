import Sqlite from 'better-sqlite3';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { decodeImage } from '../../src/cloudflare/decode.ts';
import { query } from '../support/inventory.ts';
import { END, imageOf, openStoreWith } from '../support/opened-store.ts';
import { pageOf } from '../support/page.ts';
import { at, object, readYaml, texts, type Node } from './files.ts';
import { IMAGE } from './image.ts';

const FILE = 'deploy/datasette/datasette.yaml';
const inventory = at(readYaml(FILE), 'databases.inventory');
const tables = Object.entries(object(inventory, 'tables')) as [string, Node][];
const queries = Object.entries(object(inventory, 'queries')) as [string, Node][];

/** What Datasette 0.65 knows, as far as it is used here. */
const TABLE_KEYS = ['description', 'columns', 'facets', 'sortable_columns', 'sort_desc', 'hidden'];
const QUERY_KEYS = ['title', 'description', 'params', 'sql'];

/** What somebody would write into the forms. */
const ANSWERS: Readonly<Record<string, string>> = {
  words: '"banner-1.png"',
  creator: 'ann',
  key: 'album',
  value: 'summer',
  run_id: '1',
  id: 'a',
};

let path: string;

/** An inventory in which something changed just now. */
beforeEach(() => {
  const first = decodeImage({
    id: 'a',
    filename: 'banner-1.png',
    creator: 'ann',
    meta: { album: 'summer' },
  });
  const opened = openStoreWith([first, imageOf('b')]);
  const stage = opened.begin();
  stage.add(pageOf([{ ...first, filename: 'banner-1.png ' }, imageOf('b')]));
  stage.publish({ ...END, finishedAt: Date.now() });
  path = opened.path;
});

const columnsOf = (table: string): string[] =>
  query(path, 'SELECT name FROM pragma_table_xinfo(?)', table).map(({ name }) => String(name));

test('the file goes by the name of the inventory that Compose shows', () => {
  const databases = Object.keys(object(readYaml(FILE), 'databases'));
  expect(databases.map((name) => `/data/${name}.db`)).toEqual([IMAGE.env['IMAGE_INVENTORY_DB']]);
});

test('Compose gives it to Datasette', () => {
  const service = at(readYaml('deploy/compose/compose.yaml'), 'services.datasette');
  expect(texts(service, 'volumes')).toContain('../datasette/datasette.yaml:/etc/datasette.yaml:ro');
  expect(texts(service, 'command').join(' ')).toContain('--metadata /etc/datasette.yaml');
});

test('every table and view is described, or hidden because it is internal', () => {
  const there = query(
    path,
    "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'",
  ).map(({ name }) => String(name));
  expect(tables.map(([name]) => name).sort()).toEqual(there.sort());
  for (const [name, table] of tables) {
    const isInternal = /^(accounts|stages|st\w+_images|shown_\w+|images_text\w*)$/.test(name);
    expect([name, table['hidden'] === true]).toEqual([name, isInternal]);
    if (!isInternal) expect(table['description']).toMatch(/\w/);
  }
});

describe.for(tables)('%s', ([name, table]) => {
  test('has every column that is named, and only keys that Datasette knows', () => {
    const columns = columnsOf(name);
    expect(columns).not.toEqual([]);
    const named = [
      ...Object.keys(object(table, 'columns')),
      ...texts(table, 'facets'),
      ...texts(table, 'sortable_columns'),
      ...(table['sort_desc'] === undefined ? [] : [table['sort_desc']]),
    ];
    expect(columns).toEqual(expect.arrayContaining(named));
    expect(TABLE_KEYS).toEqual(expect.arrayContaining(Object.keys(table)));
  });
});

describe.for(queries)('the question %s', ([, asked]) => {
  test('has an answer, and a field for every parameter', () => {
    const sql = String(asked['sql']);
    const params = texts(asked, 'params');
    const used = [...sql.matchAll(/(?<!\w):([a-z_]+)/g)].map(([, name = '']) => name);
    expect(params).toEqual([...new Set(used)]);
    expect(QUERY_KEYS).toEqual(expect.arrayContaining(Object.keys(asked)));
    const ask = (answer: (name: string) => string): unknown[] => {
      const database = new Sqlite(path, { readonly: true });
      onTestFinished(() => void database.close());
      const named = Object.fromEntries(params.map((name) => [name, answer(name)]));
      return database.prepare(sql).all(named);
    };
    expect(ask((name) => ANSWERS[name] ?? '')).not.toEqual([]);
    // Datasette asks before anything is filled in.
    if (params.length > 0) expect(ask(() => '')).toEqual([]);
  });
});

test('there are questions', () => {
  expect(queries.length).toBeGreaterThan(4);
});
