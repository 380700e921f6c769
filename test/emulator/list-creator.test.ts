import { describe, expect, it } from 'vitest';
import type { ApiImage } from '../../src/emulator/account.ts';
import { idsOf, startEmulator, type StartedEmulator } from '../support/emulator.ts';

function idsWhere(server: StartedEmulator, test: (image: ApiImage) => boolean): string[] {
  return idsOf(server.account.all().filter(test));
}

describe('the creator filter', () => {
  it.each(['acme', 'cms', 'équipe-photo'])('shows the images of "%s" only', async (creator) => {
    await using server = await startEmulator({ images: 300 });
    const theirs = idsWhere(server, (image) => image['creator'] === creator);

    expect(theirs).not.toEqual([]);
    expect(idsOf(await server.list(`creator=${encodeURIComponent(creator)}`))).toEqual(theirs);
  });

  it('takes an empty value for "creator is not set", be it absent or null', async () => {
    await using server = await startEmulator({ images: 300 });
    const nobodys = await server.list('creator=');

    expect(idsOf(nobodys)).toEqual(idsWhere(server, (image) => (image['creator'] ?? '') === ''));
    expect(nobodys.some((image) => !('creator' in image))).toBe(true);
    expect(nobodys.some((image) => image['creator'] === null)).toBe(true);
    expect(nobodys.length).toBeLessThan(300);
  });

  it.each(['ACME', 'acm', 'acme ', 'nobody'])('matches exactly, so not "%s"', async (creator) => {
    await using server = await startEmulator({ images: 300 });

    expect(await server.list(`creator=${encodeURIComponent(creator)}`)).toEqual([]);
  });

  it.each(['a?b', 'a&b=c', 'a+b', '100%', ' '])('takes any text, "%s" as well', async (creator) => {
    await using server = await startEmulator({ images: 30 });
    server.account.upload({ id: 'theirs', creator });

    expect(idsOf(await server.list(`creator=${encodeURIComponent(creator)}`))).toEqual(['theirs']);
  });

  it('takes a question mark that nobody encoded, as URLs allow in a query', async () => {
    await using server = await startEmulator({ images: 30 });
    server.account.upload({ id: 'theirs', creator: 'who?me?' });

    expect(idsOf(await server.list('creator=who?me?'))).toEqual(['theirs']);
  });

  it('has pages of its own', async () => {
    await using server = await startEmulator({ images: 300 });
    const acmes = idsWhere(server, (image) => image['creator'] === 'acme');
    const first = await server.list('creator=acme&per_page=10&page=1');
    const second = await server.list('creator=acme&per_page=10&page=2');

    expect(acmes.length).toBeGreaterThan(20);
    expect(idsOf([...first, ...second])).toEqual(acmes.slice(0, 20));
    expect(await server.list(`creator=acme&page=2&per_page=1000`)).toEqual([]);
  });
});
