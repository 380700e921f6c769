import { describe, expect, test } from 'vitest';
import { verifyInventory } from '../../src/store/verify/verify.ts';
import type { Counts } from '../../src/inventory/change.ts';
import type { RunStart, Stage } from '../../src/sync/ports/stage.ts';
import { query } from '../support/inventory.ts';
import {
  END,
  FAILED,
  openStore,
  STOPPED,
  suspectsOf,
  type OpenedStore,
} from '../support/opened-store.ts';
import { decodeImage } from '../../src/cloudflare/decode.ts';
import { shownPage } from '../support/shown-page.ts';
import { statements } from '../support/tamper.ts';
import { ShownTexts } from '../support/vouching.ts';

const MINUTE = 60_000;

/** The text of an image, in one spelling of many. */
function text(id: string, filename = 'x', meta = '{"a":1,"b":2}'): string {
  return `{"id":${JSON.stringify(id)},"filename":${JSON.stringify(filename)},"meta":${meta}}`;
}

/** An inventory of which everything that vouches for a row is held against what was shown. */
class Remembered {
  readonly shown = new ShownTexts();
  opened: OpenedStore;

  constructor(opened = openStore()) {
    this.opened = opened;
  }

  get path(): string {
    return this.opened.path;
  }

  begin(start: Partial<RunStart> = {}): Stage {
    return this.opened.begin(start);
  }

  /** Adds one page. @returns The ids of images that had to be read. */
  async add(stage: Stage, texts: readonly string[], number = 1): Promise<readonly string[]> {
    this.shown.note(texts);
    const page = await shownPage(stage.memory, texts, number);
    stage.add(page);
    return page.images.map(({ id }) => id);
  }

  /** A run that reads these pages, and asks for nothing that they do not show. */
  async run(
    pages: readonly (readonly string[])[],
    start: Partial<RunStart> = {},
  ): Promise<{ readonly read: readonly string[]; readonly counts: Counts }> {
    const stage = this.begin(start);
    const read: string[] = [];
    for (const [index, texts] of pages.entries()) {
      read.push(...(await this.add(stage, texts, index + 1)));
    }
    stage.settle();
    stage.condemnRest();
    const counts = stage.publish(END);
    this.expectSound();
    return { read, counts };
  }

  /** As if the process had died, and another one had been started. */
  reopen(now = MINUTE): void {
    this.opened.die();
    this.opened = openStore(this.path, now);
  }

  expectSound(): void {
    expect(this.shown.faultsOf(this.path)).toEqual([]);
    expect(
      verifyInventory(this.path, undefined).checks.flatMap(({ findings }) => findings),
    ).toEqual([]);
  }

  /** What readers see of the account, in the order of the ids. */
  seen(account = 'acc'): readonly string[] {
    const rows = query(
      this.path,
      'SELECT id, filename, meta FROM images WHERE account_id = ? ORDER BY id',
      account,
    );
    return rows.map(({ id, filename, meta }) =>
      text(String(id), String(filename), String(meta ?? 'null')),
    );
  }
}

const A = text('a');
const B = text('b');
const C = text('c');

describe('a page that was shown before', () => {
  test('is not read again, whole or image by image', async () => {
    const inventory = new Remembered();
    expect(await inventory.run([[A, B], [C]])).toMatchObject({ read: ['a', 'b', 'c'] });
    expect(await inventory.run([[A, B], [C]])).toMatchObject({
      read: [],
      counts: { listed: 3, unchanged: 3, added: 0, changed: 0, removed: 0 },
    });
    const other = text('b', 'y');
    expect(await inventory.run([[C, A], [other]])).toMatchObject({
      read: ['b'],
      counts: { changed: 1, unchanged: 2 },
    });
    expect(inventory.seen()).toEqual([A, other, C]);
  });

  test('in other words is no change, and is known in these words from then on', async () => {
    const inventory = new Remembered();
    const reworded = text('b', 'x', '{"b":2,"a":1}');
    await inventory.run([[A, B]]);
    expect(await inventory.run([[A, reworded]])).toMatchObject({
      read: ['b'],
      counts: { unchanged: 2 },
    });
    expect(await inventory.run([[A, reworded]])).toMatchObject({ read: [] });
    expect(inventory.seen()).toEqual([A, B]);
  });

  test('and lost images is no proof of them: they are suspects, or gone', async () => {
    const inventory = new Remembered();
    await inventory.run([[A, B], [C]]);
    const stage = inventory.begin();
    expect(await inventory.add(stage, [A, B])).toEqual([]);
    expect(suspectsOf(stage)).toEqual(['c']);
    stage.condemn('c');
    expect(stage.publish(END)).toMatchObject({ removed: 1, unchanged: 2 });
    inventory.expectSound();
    expect(ShownTexts.known(inventory.path, 'acc')).toEqual(['a', 'b']);
    expect(await inventory.run([[A, B], [C]])).toMatchObject({
      read: ['c'],
      counts: { restored: 1, unchanged: 2 },
    });
    expect(await inventory.run([[A, B], [C]])).toMatchObject({ read: [] });
  });
});

describe('an image that changes, and changes back', () => {
  test('is read each time, and each time a change', async () => {
    const inventory = new Remembered();
    const other = text('b', 'y');
    await inventory.run([[A, B]]);
    for (const shown of [other, B, other, B]) {
      expect(await inventory.run([[A, shown]])).toMatchObject({
        read: ['b'],
        counts: { changed: 1, unchanged: 1 },
      });
      expect(inventory.seen()).toEqual([A, shown]);
      expect(await inventory.run([[A, shown]])).toMatchObject({ read: [] });
    }
  });

  test('while runs fail or are undone is as it was when one was last published', async () => {
    const inventory = new Remembered();
    const other = text('b', 'y');
    await inventory.run([[A, B]]);
    const dry = inventory.begin({ mode: 'dry-run' });
    expect(await inventory.add(dry, [A, other, C])).toEqual(['b', 'c']);
    expect(dry.rehearse(END, () => undefined)).toMatchObject({ changed: 1, added: 1 });
    inventory.expectSound();
    const failed = inventory.begin();
    expect(await inventory.add(failed, [A, other, C])).toEqual(['b', 'c']);
    failed.abandon(END, FAILED);
    inventory.expectSound();
    expect(await inventory.run([[A, B]])).toMatchObject({ read: [], counts: { unchanged: 2 } });
    expect(await inventory.run([[A, other, C]])).toMatchObject({
      read: ['b', 'c'],
      counts: { changed: 1, added: 1 },
    });
  });
});

describe('an image that is listed twice in a run, with different content', () => {
  const other = text('b', 'y');

  test.for([
    { pages: [[A, B, other]], last: other },
    { pages: [[A, other, B]], last: B },
    { pages: [[A, B], [other]], last: other },
    { pages: [[A, other], [B]], last: B },
    { pages: [[A, other, B, other]], last: other },
    { pages: [[B], [other], [A, B]], last: B },
  ])('is what was said last, known or new: %#', async ({ pages, last }) => {
    const known = new Remembered();
    await known.run([[A, B]]);
    const fresh = new Remembered();
    for (const inventory of [known, fresh]) {
      for (let round = 0; round < 3; round += 1) {
        const { counts } = await inventory.run(pages);
        expect(counts).toMatchObject({ listed: 2, removed: 0 });
        expect(inventory.seen()).toEqual([A, last]);
      }
    }
  });

  test('in a first inventory without indexes as well', async () => {
    const inventory = new Remembered();
    const stage = inventory.begin();
    stage.expect(100);
    await inventory.add(stage, [A, B, C, other]);
    await inventory.add(stage, [text('d'), B, text('c', 'z')]);
    inventory.expectSound();
    stage.settle();
    inventory.expectSound();
    expect(stage.publish(END)).toMatchObject({ listed: 4 });
    inventory.expectSound();
    expect(ShownTexts.known(inventory.path, 'acc')).toEqual(['a', 'b', 'c', 'd']);
    const again = await inventory.run([[A, B, text('c', 'z'), text('d')]]);
    expect(again).toMatchObject({ read: [], counts: { unchanged: 4 } });
    expect(inventory.seen()).toEqual([A, B, text('c', 'z'), text('d')]);
  });
});

describe('two accounts with the same images', () => {
  test('are told apart, even where one is given the rows of the other', async () => {
    const inventory = new Remembered();
    await inventory.run([[A, B]]);
    expect(await inventory.run([[A, B]], { accountId: 'other' })).toMatchObject({
      read: ['a', 'b'],
      counts: { added: 2 },
    });
    expect(await inventory.run([[A, B]], { accountId: 'other' })).toMatchObject({ read: [] });
    // Whoever does this by hand has taken the images from the one and given them to the other.
    inventory.opened.die();
    statements(`DELETE FROM stored_images WHERE account_key = 2;
      UPDATE accounts SET account_id = 'acc ' || account_key;
      UPDATE accounts SET account_id = CASE account_key WHEN 1 THEN 'other' ELSE 'acc' END`)(
      inventory.path,
    );
    inventory.opened = openStore(inventory.path);
    const stage = inventory.begin({ accountId: 'other' });
    expect(await inventory.add(stage, [A, B])).toEqual(['a', 'b']);
  });

  test('that are read at once mix their rows, and know their own', async () => {
    const inventory = new Remembered();
    const texts = Array.from({ length: 300 }, (_, index) => text(`image ${index}`));
    const [one, two] = ['acc', 'other'].map((accountId) => inventory.begin({ accountId }));
    if (one === undefined || two === undefined) throw new Error('no stages');
    for (let start = 0; start < texts.length; start += 7) {
      await inventory.add(one, texts.slice(start, start + 7), 1 + start / 7);
      await inventory.add(two, texts.slice(start, start + 7), 1 + start / 7);
    }
    one.publish(END);
    inventory.expectSound();
    two.abandon(END, FAILED);
    inventory.expectSound();
    expect(await inventory.run([texts], { accountId: 'other' })).toMatchObject({
      counts: { added: 300 },
    });
    for (const accountId of ['acc', 'other']) {
      expect(await inventory.run([texts.toReversed()], { accountId })).toMatchObject({ read: [] });
      expect(await inventory.run([texts.toReversed()], { accountId })).toMatchObject({ read: [] });
    }
  });
});

describe('a row that somebody has altered', () => {
  test.for([
    "UPDATE stored_images SET filename = 'by hand' WHERE id = 'b'",
    'UPDATE stored_images SET meta = NULL',
    "UPDATE stored_images SET null_fields = '[\"creator\"]' WHERE id = 'b'",
    'UPDATE stored_images SET row_id = row_id + 1000',
    "UPDATE stored_images SET row_id = CASE id WHEN 'b' THEN 50 ELSE 0 - row_id END; UPDATE stored_images SET row_id = CASE WHEN row_id < 0 THEN -row_id ELSE row_id END",
    "DELETE FROM stored_images WHERE id = 'b'",
    `REPLACE INTO stored_images SELECT row_id, account_key, id, 'by hand', creator, meta, require_signed_urls, uploaded,
       variants, extra, null_fields, first_seen_run, changed_run FROM stored_images WHERE id = 'b'`,
    `REPLACE INTO stored_images SELECT 1500, account_key, id, 'by hand', creator, meta, require_signed_urls, uploaded,
       variants, extra, null_fields, first_seen_run, changed_run FROM stored_images WHERE id = 'b'`,
    "UPDATE OR REPLACE stored_images SET row_id = 2 WHERE id = 'a'",
    "UPDATE OR REPLACE stored_images SET id = 'a' WHERE id = 'c'",
    'UPDATE shown_images SET digests = substr(digests, 1, 100)',
    'DELETE FROM shown_images',
    "UPDATE shown_pages SET rows = x'01'",
    'DELETE FROM shown_pages',
  ])('is read again: %s', async (sql) => {
    const inventory = new Remembered();
    await inventory.run([[A, B], [C]]);
    inventory.opened.die();
    // The trigger for the rows' ids takes no part in what this is about.
    statements(`UPDATE accounts SET visible_row = 2000; ${sql}`)(inventory.path);
    expect(inventory.shown.faultsOf(inventory.path)).toEqual([]);
    inventory.opened = openStore(inventory.path);
    const stage = inventory.begin();
    await inventory.add(stage, [A, B]);
    await inventory.add(stage, [C], 2);
    expect(suspectsOf(stage)).toEqual([]);
    stage.publish(END);
    expect(inventory.seen()).toEqual([A, B, C]);
    expect(inventory.shown.faultsOf(inventory.path)).toEqual([]);
  });
});

describe('what an unpublished run wrote', () => {
  test('is known to nobody, though its rows are given to others', async () => {
    const inventory = new Remembered();
    await inventory.run([[A]]);
    const dropped = inventory.begin();
    await inventory.add(dropped, [A, B, C]);
    dropped.abandon(END, FAILED);
    inventory.expectSound();
    inventory.reopen();
    // The next rows have the ids that those of b and c had.
    expect(await inventory.run([[text('x'), text('y')]], { accountId: 'other' })).toMatchObject({
      counts: { added: 2 },
    });
    expect(await inventory.run([[A, B, C]])).toMatchObject({
      read: ['b', 'c'],
      counts: { added: 2, unchanged: 1 },
    });
  });

  test('is known when a run that goes on with it is published', async () => {
    const inventory = new Remembered();
    const other = text('b', 'y');
    await inventory.run([[A, B]]);
    const stopped = inventory.begin();
    stopped.expect(4);
    await inventory.add(stopped, [A, other, C], 1);
    stopped.suspend(END, STOPPED);
    inventory.expectSound();
    inventory.reopen();
    const stage = inventory.begin();
    expect(stage.resumed).toBeDefined();
    expect(await inventory.add(stage, [text('d')], 2)).toEqual(['d']);
    expect(stage.publish(END)).toMatchObject({ listed: 4, changed: 1, added: 2 });
    inventory.expectSound();
    expect(await inventory.run([[A, other, C], [text('d')]])).toMatchObject({ read: [] });
  });

  test('is forgotten when the run begins anew', async () => {
    const inventory = new Remembered();
    await inventory.run([[A, B]]);
    const stage = inventory.begin();
    await inventory.add(stage, [A, text('b', 'y'), C]);
    stage.restart();
    inventory.expectSound();
    expect(await inventory.add(stage, [A, B])).toEqual([]);
    expect(stage.publish(END)).toMatchObject({ listed: 2, unchanged: 2 });
    inventory.expectSound();
  });
});

describe('what the run under way wrote itself', () => {
  test.for([{ page: [C] }, { page: [A, C] }])(
    'is not known: it may be shown otherwise before a page that was fetched is staged: $page',
    async ({ page }) => {
      const inventory = new Remembered();
      await inventory.run([[A, B]]);
      const stage = inventory.begin();
      await inventory.add(stage, [B]);
      await inventory.add(stage, [C], 2);
      const fetched = await shownPage(stage.memory, page, 3);
      expect(fetched.images.map(({ id }) => id)).toEqual(['c']);
      await inventory.add(stage, [text('c', 'otherwise')], 4);
      stage.add(fetched);
      stage.condemnRest();
      stage.publish(END);
      inventory.expectSound();
      expect(inventory.seen().at(-1)).toBe(C);
    },
  );

  test('does not tell a quick run that it has come to what readers know', async () => {
    const inventory = new Remembered();
    await inventory.run([[A, B]]);
    const stage = inventory.begin({ mode: 'quick' });
    inventory.shown.note([C]);
    for (let page = 0; page < 3; page += 1) {
      expect(stage.addNew(await shownPage(stage.memory, [C]))).toBe(0);
    }
  });
});

describe('a suspect that is alive', () => {
  test.for([B, text('b', 'y'), text('b', 'x', '{"b":2,"a":1}')])(
    'is known by no bytes but those of the list: %s',
    async (alive) => {
      const inventory = new Remembered();
      await inventory.run([[A, B]]);
      const stage = inventory.begin();
      await inventory.add(stage, [A]);
      stage.acquit(decodeImage(JSON.parse(alive)));
      stage.publish(END);
      inventory.expectSound();
      const { counts } = await inventory.run([[A, alive]]);
      expect(counts).toMatchObject({ unchanged: 2 });
      expect(await inventory.run([[A, alive]])).toMatchObject({ read: [] });
    },
  );

  test('after a page had shown it otherwise, is what the last answer said', async () => {
    const inventory = new Remembered();
    await inventory.run([[A, B]]);
    const stage = inventory.begin();
    await inventory.add(stage, [A, text('b', 'y')]);
    stage.acquit(decodeImage(JSON.parse(text('b', 'z'))));
    stage.publish(END);
    inventory.expectSound();
    expect(inventory.seen()).toEqual([A, text('b', 'z')]);
    expect(await inventory.run([[A, text('b', 'y')]])).toMatchObject({
      read: ['b'],
      counts: { changed: 1 },
    });
  });
});

describe('a quick run', () => {
  test('remembers what it adds, and leaves to others what has changed', async () => {
    const inventory = new Remembered();
    await inventory.run([[A, B]]);
    const quick = inventory.begin({ mode: 'quick' });
    const texts = [C, text('d'), text('b', 'y'), text('d', 'z')];
    inventory.shown.note(texts);
    expect(quick.addNew(await shownPage(quick.memory, texts))).toBe(1);
    expect(quick.publish(END)).toMatchObject({ added: 2, changed: 0 });
    inventory.expectSound();
    expect(inventory.seen()).toEqual([A, B, C, text('d', 'z')]);
    expect(await inventory.run([[C, text('d', 'z'), A, B]])).toMatchObject({ read: [] });
    expect(await inventory.run([texts.slice(1, 3), [C, A]])).toMatchObject({
      read: ['d', 'b'],
      counts: { changed: 2 },
    });
  });
});

describe('a run of one creator', () => {
  test('knows what a run of all has read, and the other way around', async () => {
    const inventory = new Remembered();
    const ann = (id: string): string => `{"id":"${id}","creator":"ann"}`;
    await inventory.run([[ann('a'), B], [ann('c')]]);
    expect(await inventory.run([[ann('a'), ann('c')]], { creators: ['ann'] })).toMatchObject({
      read: [],
      counts: { listed: 2, removed: 0 },
    });
    expect(await inventory.run([[ann('a'), B], [ann('c')]])).toMatchObject({ read: [] });
  });
});

describe('an account without a stored image', () => {
  test('is not searched for any, though it was read before', async () => {
    const inventory = new Remembered();
    await inventory.run([[A, B]]);
    await inventory.run([[]]);
    const stage = inventory.begin();
    stage.expect(10);
    const never = {
      length: 2,
      digests: new Uint32Array(8),
      at: () => {
        throw new Error('was looked for');
      },
    };
    expect([...stage.memory.recognize(never)]).toEqual([0, 0]);
  });
});

test('a page is forgotten when the list does not show it any more', async () => {
  const inventory = new Remembered();
  const count = (): unknown => query(inventory.path, 'SELECT count(*) AS pages FROM shown_pages');
  await inventory.run([[A, B], [C]]);
  expect(count()).toEqual([{ pages: 2 }]);
  await inventory.run([[A], [B, C]]);
  expect(count()).toEqual([{ pages: 2 }]);
  await inventory.run([[A, B, C]]);
  expect(count()).toEqual([{ pages: 1 }]);
});

test('a run that is not published leaves no page that nobody asks for', async () => {
  const inventory = new Remembered();
  await inventory.run([[A, B]]);
  for (const mode of ['full', 'dry-run'] as const) {
    const stage = inventory.begin({ mode });
    await inventory.add(stage, [C, A]);
    if (mode === 'full') stage.abandon(END, FAILED);
    else stage.rehearse(END, () => undefined);
  }
  expect(query(inventory.path, 'SELECT count(*) AS pages FROM shown_pages')).toEqual([
    { pages: 1 },
  ]);
});
