import { describe, expect, it } from 'vitest';
import { idsOf, imagePath, IMAGES, startEmulator } from '../support/emulator.ts';

describe('a draft', () => {
  it('is shown by details, and marked', async () => {
    await using server = await startEmulator({ images: 10, drafts: 2 });

    for (const id of ['draft-0', 'draft-1']) {
      const { status, body } = await server.ask(imagePath(id));
      expect(status).toBe(200);
      expect(body.result).toMatchObject({ id, draft: true });
    }
  });

  it('is not listed, with a creator filter neither', async () => {
    await using server = await startEmulator({ images: 10, drafts: 2 });

    const listed = [...(await server.list()), ...(await server.list('creator='))];
    expect(listed.length).toBeGreaterThan(10);
    expect(idsOf(listed).filter((id) => id.startsWith('draft-'))).toEqual([]);
  });

  it('is there only as often as was asked for', async () => {
    await using server = await startEmulator({ images: 10, drafts: 2 });

    expect((await server.ask(imagePath('draft-2'))).status).toBe(404);
  });

  it('holds its id against an upload', async () => {
    await using server = await startEmulator({ images: 10, drafts: 1 });
    const body = JSON.stringify({ id: 'draft-0', url: 'https://example.test/a.png' });
    const headers = { authorization: 'Bearer emulated-token', 'content-type': 'application/json' };

    expect((await server.ask(IMAGES, { method: 'POST', body, headers })).status).toBe(409);
    expect(await server.list()).toHaveLength(10);
  });
});
