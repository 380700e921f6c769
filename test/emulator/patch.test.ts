import { describe, expect, it } from 'vitest';
import {
  BEARER,
  idsOf,
  imagePath,
  IMAGES,
  refusalOf,
  startEmulator,
  type Answer,
  type StartedEmulator,
} from '../support/emulator.ts';
import type { ApiImage } from '../../src/emulator/account.ts';
import type { ImagePatch } from '../../src/emulator/image-fields.ts';

interface Change extends Omit<ImagePatch, 'meta'> {
  readonly metadata?: unknown;
}

function patch(server: StartedEmulator, id: string, change: Change): Promise<Answer> {
  const headers = { ...BEARER, 'content-type': 'application/json' };
  return server.ask(imagePath(id), { method: 'PATCH', headers, body: JSON.stringify(change) });
}

function imageAt(server: StartedEmulator, index: number): ApiImage {
  const image = server.account.all()[index];
  if (image === undefined) throw new RangeError(`no image ${index}`);
  return image;
}

describe('a PATCH of creator and metadata', () => {
  it('changes what it names, and neither the id nor the place in the list', async () => {
    await using server = await startEmulator();
    const before = imageAt(server, 7);
    const { status, body } = await patch(server, before.id, {
      creator: 'new owner',
      metadata: { album: 'moved' },
    });

    expect(status).toBe(200);
    expect(body.result).toEqual({ ...before, creator: 'new owner', meta: { album: 'moved' } });
    expect((await server.list())[7]).toEqual(body.result);
    expect((await server.ask(imagePath(before.id))).body.result).toEqual(body.result);
    expect(await server.list('creator=new%20owner')).toEqual([body.result]);
  });

  it('leaves every other image alone', async () => {
    await using server = await startEmulator();
    const before = server.account.all();
    await patch(server, before[7]?.id ?? '', { creator: 'new owner' });

    expect((await server.list()).toSpliced(7, 1)).toEqual(before.toSpliced(7, 1));
  });

  it('adds to what an earlier one changed', async () => {
    await using server = await startEmulator();
    const { id } = imageAt(server, 0);
    await patch(server, id, { creator: 'first' });
    await patch(server, id, { metadata: { second: true } });

    expect(imageAt(server, 0)).toMatchObject({ id, creator: 'first', meta: { second: true } });
  });
});

describe('a PATCH of requireSignedURLs', () => {
  it('gives the image a new id, and everything else stays', async () => {
    await using server = await startEmulator();
    const before = imageAt(server, 7);
    const isSigned = before['requireSignedURLs'] === true;
    const { body } = await patch(server, before.id, { requireSignedURLs: !isSigned });
    const after = body.result as ApiImage;

    expect(after.id).not.toBe(before.id);
    expect(after).toEqual({
      ...before,
      id: after.id,
      variants: after['variants'],
      requireSignedURLs: !isSigned,
    });
    for (const url of after['variants'] as string[]) expect(url).toContain(`/${after.id}/`);
    expect((await server.list())[7]).toEqual(after);
    expect(await server.list()).toHaveLength(30);
  });

  it('makes the old id answer 5404, to every method', async () => {
    await using server = await startEmulator();
    const { id: oldId, requireSignedURLs } = imageAt(server, 7);
    const { body } = await patch(server, oldId, { requireSignedURLs: requireSignedURLs !== true });
    const { id: newId } = body.result as ApiImage;

    expect(refusalOf(await server.ask(imagePath(oldId)))).toBe('404 5404');
    expect(refusalOf(await server.ask(imagePath(oldId), { method: 'DELETE' }))).toBe('404 5404');
    expect(refusalOf(await patch(server, oldId, {}))).toBe('404 5404');
    expect((await server.ask(imagePath(newId))).body.result).toEqual(body.result);
    expect(idsOf(await server.list())).not.toContain(oldId);
  });

  it('that it has already changes nothing', async () => {
    await using server = await startEmulator();
    const before = imageAt(server, 7);
    const requireSignedURLs = before['requireSignedURLs'] === true;

    expect((await patch(server, before.id, { requireSignedURLs })).body.result).toEqual(before);
  });

  it('gives an uploaded image a new id too, and again another', async () => {
    await using server = await startEmulator();
    server.account.upload({ id: 'mine' });
    const once = (await patch(server, 'mine', { requireSignedURLs: true })).body.result as ApiImage;
    const twice = (await patch(server, once.id, { requireSignedURLs: false })).body
      .result as ApiImage;

    expect(new Set(['mine', once.id, twice.id]).size).toBe(3);
    expect(idsOf(await server.list()).slice(0, 1)).toEqual([twice.id]);
    expect(server.account.find('mine')).toBeUndefined();
    expect(server.account.find(once.id)).toBeUndefined();
  });
});

it('a PATCH of what is no image is 404 with code 5404', async () => {
  await using server = await startEmulator();

  expect(refusalOf(await patch(server, 'nothing', { creator: 'me' }))).toBe('404 5404');
  expect(server.account.find('nothing')).toBeUndefined();
  expect((await server.ask(IMAGES)).status).toBe(200);
});
