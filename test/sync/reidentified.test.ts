import { describe, expect, test } from 'vitest';
import type { EmulatedAccount } from '../../src/emulator/account.ts';
import { openInProcess, type InProcess } from '../support/in-process.ts';

const BODY = {
  filename: 'a.png',
  creator: 'ann',
  meta: { n: 1, m: 'x' },
  uploaded: '2026-01-01T00:00:00.000Z',
  requireSignedURLs: false,
};

/** Replaces an image by one of another id, as a PATCH would, and perhaps of another content. */
function rename(account: EmulatedAccount, from: string, to: string, change: object = {}): void {
  account.delete(from);
  account.upload({ id: to });
  account.replace(to, { ...BODY, requireSignedURLs: true, ...change, id: to });
}

async function openWithOne(): Promise<InProcess> {
  const opened = await openInProcess({ images: 20 });
  opened.account.upload({ id: 'old' });
  opened.account.replace('old', { ...BODY, id: 'old' });
  await opened.sync();
  return opened;
}

const links = ({ query }: InProcess): unknown =>
  query(
    `SELECT image_id, kind, diff ->> '$.id' AS id FROM changes WHERE kind <> 'changed' ORDER BY image_id`,
  );
const UNLINKED = [
  { image_id: 'new', kind: 'added', id: null },
  { image_id: 'old', kind: 'removed', id: null },
];

describe('an image that is gone under one id and comes under another', () => {
  test('is linked when it is what a PATCH of requireSignedURLs looks like', async () => {
    const opened = await openWithOne();
    const patched = opened.account.patch('old', { requireSignedURLs: true });
    const id = String(patched?.id);
    expect(await opened.sync()).toMatchObject({ counts: { added: 1, removed: 1 } });
    expect(
      opened.query("SELECT image_id, kind, diff ->> '$.id' AS id FROM changes ORDER BY kind"),
    ).toEqual([
      { image_id: id, kind: 'added', id: `["old","${id}"]` },
      { image_id: 'old', kind: 'removed', id: `["old","${id}"]` },
    ]);
    expect(opened.logged('image.added')).toMatchObject([{ image_id: id, same_image_as: 'old' }]);
    expect(opened.logged('image.removed')).toMatchObject([{ image_id: 'old', same_image_as: id }]);
    expect(opened.logged('image.removed')[0]?.msg).toBe(
      `removed: old; it is the same image as ${id}`,
    );
  });

  test('is linked whatever the order of keys in its meta', async () => {
    const opened = await openWithOne();
    rename(opened.account, 'old', 'new', { meta: { m: 'x', n: 1.0 } });
    await opened.sync();
    expect(links(opened)).toMatchObject([{ id: '["old","new"]' }, { id: '["old","new"]' }]);
  });

  test.for([
    ['the flag is the same', { requireSignedURLs: false }],
    ['the flag is not told', { requireSignedURLs: null }],
    ['the file name differs', { filename: 'b.png' }],
    ['the file name is not told', { filename: undefined }],
    ['the upload’s time differs', { uploaded: '2026-01-01T00:00:00.001Z' }],
    ['the creator differs', { creator: 'bob' }],
    ['meta differs', { meta: { n: 2, m: 'x' } }],
  ] as const)('is not linked when %s', async ([, change]) => {
    const opened = await openWithOne();
    rename(opened.account, 'old', 'new', change);
    await opened.sync();
    expect(links(opened)).toEqual(UNLINKED);
  });

  test('is not linked when two are alike: nobody could say which is which', async () => {
    const opened = await openWithOne();
    opened.account.upload({ id: 'twin' });
    opened.account.replace('twin', { ...BODY, id: 'twin' });
    await opened.sync();
    rename(opened.account, 'old', 'new');
    opened.account.delete('twin');
    await opened.sync();
    expect(opened.query("SELECT 1 FROM changes WHERE diff ->> '$.id' IS NOT NULL")).toEqual([]);
  });

  test('is not linked without an upload’s time: too little is equal', async () => {
    const opened = await openInProcess({ images: 3 });
    opened.account.upload({ id: 'old' });
    opened.account.replace('old', { id: 'old', requireSignedURLs: false });
    await opened.sync();
    opened.account.delete('old');
    opened.account.upload({ id: 'new' });
    opened.account.replace('new', { id: 'new', requireSignedURLs: true });
    await opened.sync();
    expect(links(opened)).toEqual(UNLINKED);
  });

  test('is linked in a dry run too, which leaves nothing', async () => {
    const opened = await openWithOne();
    rename(opened.account, 'old', 'new');
    await opened.sync({ mode: 'dry-run' });
    expect(opened.logged('image.added')).toMatchObject([{ same_image_as: 'old', dry_run: true }]);
    expect(links(opened)).toEqual([]);
  });
});
