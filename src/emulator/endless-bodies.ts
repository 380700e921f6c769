import type { ServerResponse } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';

const HUGE_BYTES = 300 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;
const DRIP_MS = 50;

/** Sends a body as fast as its client takes it, and no longer than its client stays. */
export function sendBody(
  response: ServerResponse,
  body: Iterable<Buffer> | AsyncIterable<Buffer>,
): void {
  // A pipeline to a client that has left already throws.
  if (response.destroyed) return;
  pipeline(Readable.from(body), response, () => undefined);
}

/** A list that no client should take in whole: the beginning of a page, and image after image. */
export function* hugeBody(): Generator<Buffer> {
  yield Buffer.from('{"success":true,"errors":[],"messages":[],"result":{"images":[');
  const image = '{"id":"00000000-0000-4000-a000-000000000000","filename":"huge.jpg"},';
  const chunk = Buffer.from(image.repeat(Math.ceil(CHUNK_BYTES / image.length)));
  for (let sent = 0; sent < HUGE_BYTES; sent += chunk.length) yield chunk;
  yield Buffer.from('{"id":"last"}]}}');
}

/** A body byte by byte, so slowly that each byte comes in time and the whole never does. */
export async function* drippingBody(body: string): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(body);
  for (let index = 0; index < bytes.length; index += 1) {
    await wait(DRIP_MS);
    yield bytes.subarray(index, index + 1);
  }
}
