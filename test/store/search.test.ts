import { describe, expect, test } from 'vitest';
import { decodeImage } from '../../src/cloudflare/decode.ts';
import type { Image } from '../../src/inventory/image.ts';
import { parseJson } from '../../src/inventory/json-text.ts';
import { verifyInventory } from '../../src/store/verify/verify.ts';
import { query } from '../support/inventory.ts';
import {
  END,
  FAILED,
  imageOf as image,
  openStore,
  openStoreWith,
  STOPPED,
} from '../support/opened-store.ts';
import { pageOf } from '../support/page.ts';
import { RandomAccount, randomImage } from '../support/random-account.ts';
import { seededRandom } from '../support/random.ts';
import { statements, type Tampering } from '../support/tamper.ts';

const ID = 'products/banner/42.jpg';

/** The ids of the images that the words are found in. */
function found(path: string, words: string): unknown[] {
  return query(path, 'SELECT id FROM search WHERE search MATCH ? ORDER BY id', words).map(
    ({ id }) => id,
  );
}

/** What `verify` has to say. */
function findings(path: string): unknown[] {
  return verifyInventory(path, undefined).checks.flatMap((check) =>
    check.findings.map(({ problem }) => [check.name, problem]),
  );
}

const withMeta = (id: string, meta: string): Image =>
  decodeImage(parseJson(`{"id":"${id}","meta":${meta}}`));

test.for([
  ['an id', '"products/banner/42.jpg"'],
  ['a word of an id', 'products'],
  ['a file name', '"banner-42.png"'],
  ['a word of a file name, whatever its case', 'BANNER'],
  ['a creator, with or without its accent', 'creator: equipe'],
  ['a value of meta', 'meta: summer'],
  ['a value deep in meta', 'nested'],
  ['a number beyond 2^53', '12345678901234567890'],
  ['a fraction', '"12.50"'],
  ['the beginning of a word', 'summ*'],
  ['several words', 'banner AND summer NOT winter'],
] as const)('an image is found by %s', ([, words]) => {
  const { path } = openStoreWith([
    decodeImage(
      parseJson(`{"id":"${ID}","filename":"Banner-42.png","creator":"équipe","meta":
        {"album":"summer","n":12345678901234567890,"price":12.50,"ok":true,"deep":[{"x":"nested"}]}}`),
    ),
    image('other', 'sunset.png'),
  ]);
  expect(found(path, words)).toEqual([ID]);
});

test('neither the keys of meta nor its braces are words', () => {
  const { path } = openStoreWith([withMeta('a', '{"album":"summer","true":true,"none":null}')]);
  for (const words of ['album', 'true', 'none', 'null']) expect(found(path, words)).toEqual([]);
});

test('search shows what images shows, and the best first', () => {
  const { path } = openStoreWith([
    image('a', 'banner banner banner'),
    image('b', 'banner of a long and winding road'),
    image('c', 'sunset'),
  ]);
  const rows = query(path, "SELECT * FROM search WHERE search MATCH 'banner' ORDER BY rank");
  const images = query(path, "SELECT * FROM images WHERE id <> 'c' ORDER BY id");
  const asked = { rank: expect.any(Number) as number, search: expect.any(Number) as number };
  expect(rows).toEqual(images.map((row) => ({ ...row, ...asked })));
});

describe('a run under way', () => {
  test('its images are not found before it is published, and are from then on', () => {
    const { path, begin } = openStoreWith([image('a', 'old')]);
    const stage = begin();
    stage.add(pageOf([image('a', 'changed'), image('b', 'fresh')]));
    expect([found(path, 'fresh'), found(path, 'changed'), found(path, 'old')]).toEqual([
      [],
      [],
      ['a'],
    ]);
    expect(findings(path)).toEqual([]);
    stage.publish(END);
    expect([found(path, 'fresh'), found(path, 'changed'), found(path, 'old')]).toEqual([
      ['b'],
      ['a'],
      [],
    ]);
    expect(findings(path)).toEqual([]);
  });

  test('an image that a page shows twice is found by the later words', () => {
    const { path, begin } = openStoreWith([image('a', 'old')]);
    const stage = begin();
    const fresh = ['b', 'c', 'd'].map((id) => image(id, 'first'));
    stage.add(pageOf([image('a', 'old'), ...fresh, image('c', 'second')]));
    stage.add(pageOf([image('d', 'third'), image('e', 'first')], { number: 2 }));
    expect(findings(path)).toEqual([]);
    stage.publish(END);
    expect(findings(path)).toEqual([]);
    expect(['first', 'second', 'third'].map((word) => found(path, word))).toEqual([
      ['b', 'e'],
      ['c'],
      ['d'],
    ]);
  });

  test('one that failed, was rehearsed or begun anew leaves the index as it was', () => {
    const { path, begin } = openStoreWith([image('a', 'old')]);
    const page = pageOf([image('a', 'changed'), image('b', 'fresh')]);
    const failed = begin();
    failed.add(page);
    failed.abandon(END, FAILED);
    const rehearsed = begin({ mode: 'dry-run' });
    rehearsed.add(page);
    rehearsed.rehearse(END, () => undefined);
    const restarted = begin();
    restarted.add(page);
    restarted.restart();
    expect(found(path, 'fresh OR changed')).toEqual([]);
    expect(query(path, 'SELECT id FROM images_text_docsize')).toHaveLength(1);
    expect(findings(path)).toEqual([]);
    restarted.add(page);
    restarted.publish(END);
    expect(found(path, 'fresh OR changed')).toEqual(['a', 'b']);
    expect(findings(path)).toEqual([]);
  });

  test('one that died is gone on with, or dropped', () => {
    const killed = (): string => {
      const opened = openStoreWith([image('a', 'old')]);
      const stage = opened.begin();
      stage.expect(3);
      stage.add(pageOf([image('a', 'changed'), image('b', 'fresh')], { number: 2 }));
      stage.suspend(END, STOPPED);
      opened.die();
      expect(found(opened.path, 'fresh')).toEqual([]);
      expect(findings(opened.path)).toEqual([]);
      return opened.path;
    };
    for (const mayResume of [true, false]) {
      const path = killed();
      const stage = openStore(path, 1000).begin({ mayResume });
      stage.add(pageOf([image('a', 'changed'), image('c', 'third')]));
      if (!mayResume) stage.condemnRest();
      stage.publish(END);
      expect(found(path, 'fresh OR third')).toEqual(mayResume ? ['b', 'c'] : ['c']);
      expect(findings(path)).toEqual([]);
    }
  });
});

test.for(Array.from({ length: 10 }, (_, index) => 100 + index))(
  'random runs leave a sound index, seed %i',
  (seed) => {
    const random = seededRandom(seed);
    const opened = openStore();
    const account = new RandomAccount('acc', random);
    for (let round = 0; round < 12; round += 1) {
      account.change();
      account.run(opened);
      expect(findings(opened.path)).toEqual([]);
    }
  },
);

test('a run that finds nothing new does not touch the index', () => {
  const random = seededRandom(1);
  const images = Array.from({ length: 50 }, (_, index) => randomImage(random, `image/${index}`));
  const { path, begin } = openStoreWith(images);
  const index = (): unknown =>
    query(path, 'SELECT id, hex(block) AS block FROM images_text_data ORDER BY id');
  const before = index();
  const stage = begin();
  // An address that changes is no word.
  stage.add(pageOf(images.map((one) => ({ ...one, variants: '["https://x.test/new"]' }))));
  expect(stage.publish(END)).toMatchObject({ changed: 50 });
  expect(index()).toEqual(before);
});

describe('hostile images', () => {
  const letters = Array.from({ length: 0x1_0000 }, (_, code) => String.fromCharCode(code)).join(
    ' ',
  );
  test.for([
    ['quotes', withMeta('a', JSON.stringify({ x: `"' OR 1=1; -- "needle"` }))],
    ['a NUL', withMeta('a', '{"x":"before\\u0000needle"}')],
    ['a NUL in the name', { ...withMeta('a', '{"x":"needle"}'), filename: 'a\0needle' }],
    ['emoji', withMeta('a', '{"😀":"😀 needle 👩‍👩‍👧"}')],
    ['half of a character', withMeta('a', '{"x":"\\ud800 needle \\udc00"}')],
    ['every character', { ...withMeta('a', '{"x":"needle"}'), filename: letters }],
    ['a megabyte', withMeta('a', JSON.stringify({ x: `${'word '.repeat(200_000)}needle` }))],
    ['a word of a megabyte', withMeta('a', JSON.stringify({ x: 'x'.repeat(1e6), y: 'needle' }))],
    ['a list', withMeta('a', '[1,"needle"]')],
    ['a text', withMeta('a', '"needle"')],
    ['keys that are no paths', withMeta('a', '{"a\\"]$.b":1e400,"needle":"needle"}')],
  ] as const)('%s: written, found, changed and removed', ([, hostile]) => {
    const { path, begin } = openStoreWith([hostile, image('b')]);
    expect(found(path, 'needle')).toEqual(['a']);
    expect(findings(path)).toEqual([]);
    const changing = begin();
    changing.add(pageOf([{ ...hostile, creator: 'ann' }, image('b')]));
    changing.publish(END);
    expect(found(path, 'ann AND needle')).toEqual(['a']);
    expect(findings(path)).toEqual([]);
    const removing = begin();
    removing.add(pageOf([image('b')]));
    removing.condemnRest();
    removing.publish(END);
    expect(found(path, 'needle')).toEqual([]);
    expect(findings(path)).toEqual([]);
  });

  test('meta that is nested too deeply for SQLite is not indexed, and does no harm', () => {
    const deep = { ...image('a', 'needle'), meta: '['.repeat(3000) + ']'.repeat(3000) };
    const { path, begin } = openStoreWith([deep]);
    expect(found(path, 'needle')).toEqual(['a']);
    const stage = begin();
    stage.add(pageOf([{ ...deep, filename: 'shallow' }]));
    stage.publish(END);
    expect(found(path, 'shallow')).toEqual(['a']);
    expect(findings(path)).toEqual([]);
  });
});

describe('verify finds', () => {
  /** A statement while one trigger is not there. */
  const without = (trigger: string, sql: string): Tampering => {
    const create = `(SELECT sql FROM sqlite_schema WHERE name = '${trigger}')`;
    return (file) => {
      const [row] = query(file, `SELECT ${create} AS sql`);
      statements(`DROP TRIGGER ${trigger}; ${sql}; ${String(row?.['sql'])}`)(file);
    };
  };
  test.for([
    [
      'a row that is not in the index',
      "INSERT INTO images_text (images_text, rowid, id, filename) VALUES ('delete', 1, 'a', 'one')",
      'row 1 of stored_images is not in the full-text index',
    ],
    [
      'a row in the index that is not there',
      "INSERT INTO images_text (rowid, id) VALUES (9, 'ghost')",
      'row 9 of stored_images is in the full-text index, yet not there',
    ],
    [
      'words that are others',
      `INSERT INTO images_text (images_text, rowid, id, filename) VALUES ('delete', 1, 'a', 'one');
       INSERT INTO images_text (rowid, id, filename) VALUES (1, 'a', 'other')`,
      'row 1 of stored_images is not found by a word of its filename',
    ],
    [
      'a row with another number of words',
      `INSERT INTO images_text (images_text, rowid, id, filename) VALUES ('delete', 1, 'a', 'one');
       INSERT INTO images_text (rowid, id, filename) VALUES (1, 'a', 'one two')`,
      'row 1 of stored_images has another number of words in the full-text index',
    ],
  ] as const)('%s', ([, sql, problem]) => {
    const { path, die } = openStoreWith([image('a', 'one'), image('b', 'two')]);
    die();
    statements(sql)(path);
    expect(findings(path)).toContainEqual(['search', problem]);
  });

  test('a trigger that was not there for a while', () => {
    const { path, die } = openStoreWith([image('a', 'one'), image('b', 'two')]);
    die();
    without('images_text_delete', "DELETE FROM stored_images WHERE id = 'b'")(path);
    expect(findings(path)).toContainEqual([
      'search',
      'row 2 of stored_images is in the full-text index, yet not there',
    ]);
  });

  test('words that are left of a row', () => {
    const { path, die } = openStoreWith([image('a', 'one'), image('b', 'two')]);
    die();
    without(
      'images_text_update_before',
      `INSERT INTO images_text (images_text, rowid, id, filename) VALUES ('delete', 1, 'a', 'wrong');
       UPDATE stored_images SET filename = 'other' WHERE id = 'a'`,
    )(path);
    expect(findings(path)).toContainEqual([
      'search',
      'the full-text index holds 5 words, 4 were written to it',
    ]);
  });

  test('a trigger that is missing or was altered', () => {
    const { path, die } = openStoreWith([image('a')]);
    die();
    statements(
      'DROP TRIGGER images_text_publish; DROP TRIGGER images_text_delete; CREATE TRIGGER images_text_delete AFTER DELETE ON stored_images BEGIN SELECT 1; END',
    )(path);
    expect(findings(path)).toEqual(
      expect.arrayContaining([
        ['schema', 'the trigger images_text_publish is missing'],
        ['schema', 'the trigger images_text_delete was altered'],
      ]),
    );
  });
});
