import { expect, test } from 'vitest';
import type { ListPage } from '../../src/sync/ports/pages.ts';
import type { Source } from '../../src/sync/ports/source.ts';
import { scan } from '../../src/sync/scan.ts';
import { imageOf, openStore } from '../support/opened-store.ts';
import { limitsOf } from '../support/open-source.ts';
import { pageOf } from '../support/page.ts';

/** A source whose lists show the same page for ever. */
function endless(): { source: Source; asked: () => number } {
  let number = 0;
  async function* list(): AsyncGenerator<ListPage> {
    for (;;) {
      number += 1;
      yield await Promise.resolve(pageOf([imageOf('a')], { number }));
    }
  }
  const plan = (): undefined => undefined;
  const none = (): Promise<undefined> => Promise.resolve(undefined);
  const usage = { requests: 0, retries: 0 };
  const newest = () => [list()];
  const source = { list, plan, newest, expected: none, find: none, canFind: () => true };
  return {
    source: { ...source, isWaiting: () => false, usage: () => usage },
    asked: () => number,
  };
}

test.for([
  { reading: 'first', mostPages: Infinity, pages: 4 },
  { reading: 'second', mostPages: 12, pages: 13 },
])('a list that repeats itself stops a $reading reading', async ({ mostPages, pages }) => {
  const { source, asked } = endless();
  const scanning = scan(source, openStore().begin(), {
    expected: undefined,
    limits: limitsOf(),
    read: [],
    mostPages,
    onPage: () => undefined,
  });
  await expect(scanning).rejects.toMatchObject({ code: 'LIST_REPEATS' });
  expect(asked()).toBe(pages);
});
