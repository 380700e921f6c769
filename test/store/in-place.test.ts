import { copyFileSync, renameSync, rmSync } from 'node:fs';
import process from 'node:process';
import { describe, expect, test } from 'vitest';
import { failureOf } from '../inventory/failure-of.ts';
import { query } from '../support/inventory.ts';
import { END, FAILED, imageOf as image, openStoreWith } from '../support/opened-store.ts';
import { pageOf } from '../support/page.ts';

// Windows lets nobody take away a file that is open.
describe.skipIf(process.platform === 'win32')('an inventory that is open', () => {
  const refused = (path: string): object => ({
    code: 'DATABASE_UNUSABLE',
    message: `the database ${path} was deleted or replaced while it was open`,
    hint: expect.stringContaining('Stop this process') as string,
  });

  test.for([
    ['deleted', (path: string) => rmSync(path)],
    ['moved away', (path: string) => renameSync(path, `${path}.old`)],
    [
      'replaced',
      (path: string) => {
        copyFileSync(path, `${path}.new`);
        renameSync(`${path}.new`, path);
      },
    ],
  ] as const)('takes no run after it was %s', ([, strike]) => {
    const { begin, path } = openStoreWith([image('a')]);
    strike(path);
    expect(failureOf(() => begin())).toMatchObject(refused(path));
    expect(
      failureOf(() => begin()),
      'nor later',
    ).toMatchObject(refused(path));
  });

  test('does not call a run complete that nobody will see', () => {
    const { begin, path } = openStoreWith([image('a')]);
    const stage = begin();
    stage.add(pageOf([image('b')]));
    renameSync(path, `${path}.old`);
    expect(failureOf(() => stage.publish(END))).toMatchObject(refused(path));
    stage.abandon(END, FAILED);
    renameSync(`${path}.old`, path);
    begin().publish(END);
    expect(query(path, 'SELECT status FROM runs').map(({ status }) => status)).toEqual([
      'complete',
      'failed',
      'complete',
    ]);
  });
});
