import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { decodeImage } from '../../src/cloudflare/decode.ts';
import type { RunFailure } from '../../src/sync/ports/stage.ts';
import { DAY_MS, FIRST_DAY } from '../support/days.ts';
import { temporaryFolder } from '../support/folder.ts';
import { runOn } from '../support/long-history.ts';
import {
  END,
  FAILED,
  imageOf,
  openStore,
  STOPPED,
  type OpenedStore,
} from '../support/opened-store.ts';
import { pageOf } from '../support/page.ts';
import { statements } from '../support/tamper.ts';
import { transcript } from '../support/transcript.ts';

const golden = (name: string): string => `../golden/status-${name}.txt`;
const BOTH = [['status'], ['status', '--json']];
const images = (...ids: readonly string[]) => ids.map((id) => imageOf(id));
const at = (day: number): number => FIRST_DAY + day * DAY_MS;

/** A run that does not complete, in the afternoon of the tenth day. */
function endAs({ begin }: OpenedStore, accountId: string, failure: RunFailure): void {
  const stage = begin({ accountId, startedAt: at(9.75) });
  stage.add(pageOf(images('x')));
  stage.abandon({ ...END, requests: 3, retries: 2, finishedAt: at(9.76), expected: 4 }, failure);
}

test('an inventory that is not there yet, and one that has read nothing', async () => {
  const none = await transcript(join(temporaryFolder(), 'inventory.db'), BOTH);
  const store = openStore();
  store.die();
  const empty = await transcript(store.path, [...BOTH, ['status', '--max-age', '2h']]);
  await expect(`${none}\n${empty}`).toMatchFileSnapshot(golden('nothing'));
});

test('accounts in every state', async () => {
  const store = openStore();
  const { begin, path } = store;
  const accounts = [
    ...['baseline', 'changes', 'quick', 'dry-run', 'promoted', 'incomplete', 'held', 'failed'],
    ...['interrupted', 'running', 'first run'],
  ];
  for (const accountId of accounts.slice(0, -1)) runOn(store, 2, images('a', 'b', 'c'), accountId);
  runOn(store, 8, [imageOf('a', 'new'), ...images('b', 'd')], 'changes');
  runOn(store, 9, [imageOf('a', 'new'), ...images('c', 'd')], 'changes');
  const quick = begin({ accountId: 'quick', mode: 'quick', startedAt: at(9.9) });
  quick.addNew(pageOf(images('d')));
  quick.publish({ ...END, finishedAt: at(9.91) });
  const dry = begin({ accountId: 'dry-run', mode: 'dry-run', startedAt: at(9.9) });
  dry.add(pageOf(images('a', 'b', 'c', 'd', 'e')));
  dry.rehearse({ ...END, finishedAt: at(9.91) }, () => undefined);
  endAs(store, 'promoted', {
    status: 'held',
    code: 'HELD',
    message: '3 of 3 images would be removed',
  });
  begin({ accountId: 'promoted', mode: 'quick', startedAt: at(9.9) }).publish({
    ...END,
    finishedAt: at(9.91),
  });
  endAs(store, 'incomplete', {
    status: 'incomplete',
    code: 'BAD_ANSWER',
    message: 'page 2 of the list is no page',
  });
  endAs(store, 'held', { status: 'held', code: 'HELD', message: '3 of 3 images would be removed' });
  endAs(store, 'failed', FAILED);
  endAs(store, 'interrupted', STOPPED);
  begin({ accountId: 'running', startedAt: at(10.5) });
  begin({ accountId: 'first run', startedAt: at(10.7) });
  const commands = [...BOTH, ['status', '--max-age', '2d'], ['status', '--account', 'never read']];
  const beside = await transcript(path, [['status']]);
  store.die();
  const alone = await transcript(path, commands);
  await expect(`${alone}\n# While a process writes the database:\n${beside}`).toMatchFileSnapshot(
    golden('states'),
  );
});

test('names and messages that would move a terminal, and counts of millions', async () => {
  const folder = mkdtempSync(join(temporaryFolder(), 'x'));
  const store = openStore(join(folder, 'inventory.db'));
  const hostile = 'esc\u001b[2J \u202egnp.exe\nnew line \u009b31m 日本';
  runOn(store, 9, [decodeImage({ id: hostile })], hostile);
  endAs(store, hostile, { ...FAILED, message: `${hostile} ${'so long '.repeat(100)}the end` });
  runOn(store, 9, images('a'), 'large');
  store.die();
  statements(`UPDATE runs SET listed = 51234567, added = 51234567, expected = 9007199254740991
    WHERE account_id = 'large'`)(store.path);
  await expect(await transcript(store.path, BOTH)).toMatchFileSnapshot(golden('hostile'));
});
