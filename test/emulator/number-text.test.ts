import { describe, expect, it } from 'vitest';
import type { EmulatedAccount } from '../../src/emulator/account.ts';
import { BEARER, imagePath, IMAGES, startEmulator } from '../support/emulator.ts';

/** What no JavaScript number holds: as a number it is another. */
const BIG = '12345678901234567890';
const PRICED = `{"serial":${BIG},"price":12.50}`;

/** An id whose image has a number beyond 2^53 in its metadata, and that number. */
function bigSerial(account: EmulatedAccount): { id: string; serial: string } {
  for (const image of account.list(0, account.size)) {
    const serial = /"serial":(\d{17,})/.exec(image)?.[1];
    if (serial !== undefined) return { id: (JSON.parse(image) as { id: string }).id, serial };
  }
  throw new Error('no image has a big number');
}

async function textOf(url: string, init: RequestInit = {}): Promise<string> {
  return (await fetch(url, { headers: BEARER, ...init })).text();
}

describe('a number in the metadata', () => {
  it('is generated beyond what a double can hold', async () => {
    await using server = await startEmulator({ images: 3000 });
    const { serial } = bigSerial(server.account);

    expect(BigInt(Number(serial))).not.toBe(BigInt(serial));
  });

  it('is sent by list and details as it was generated', async () => {
    await using server = await startEmulator({ images: 3000 });
    const { id, serial } = bigSerial(server.account);
    const meta = `"meta":{"serial":${serial},"price":12.50,`;

    expect(await textOf(`${server.baseUrl}${IMAGES}?per_page=10000`)).toContain(meta);
    expect(await textOf(server.baseUrl + imagePath(id))).toContain(meta);
  });

  it('survives a PATCH of something else', async () => {
    await using server = await startEmulator({ images: 3000 });
    const { id, serial } = bigSerial(server.account);
    const body = '{"creator":"new owner"}';
    const patched = await textOf(server.baseUrl + imagePath(id), { method: 'PATCH', body });

    for (const text of [patched, await textOf(server.baseUrl + imagePath(id))]) {
      expect(text).toContain('"creator":"new owner"');
      expect(text).toContain(`"meta":{"serial":${serial},"price":12.50,`);
    }
  });

  it('is stored by a PATCH as it was sent', async () => {
    await using server = await startEmulator();
    server.account.upload({ id: 'mine' });
    const path = server.baseUrl + imagePath('mine');
    await textOf(path, { method: 'PATCH', body: `{"metadata":${PRICED}}` });

    expect(await textOf(path)).toContain(`"meta":${PRICED}`);
  });

  it('is stored by an upload as it was sent, in a form or in JSON', async () => {
    await using server = await startEmulator();
    const form = new FormData();
    form.set('id', 'form');
    form.set('metadata', PRICED);
    for (const body of [form, `{"id":"json","metadata":${PRICED}}`]) {
      await textOf(server.baseUrl + IMAGES, { method: 'POST', body });
    }

    for (const id of ['form', 'json']) {
      expect(await textOf(server.baseUrl + imagePath(id))).toContain(`"meta":${PRICED}`);
    }
  });
});
