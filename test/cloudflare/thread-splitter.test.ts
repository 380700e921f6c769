import { once } from 'node:events';
import process from 'node:process';
import type { Worker } from 'node:worker_threads';
import { describe, expect, onTestFinished, test } from 'vitest';
import { splitHere, type Splitter } from '../../src/cloudflare/split-body.ts';
import { ThreadSplitter } from '../../src/cloudflare/thread-splitter.ts';
import { EmulatedAccount } from '../../src/emulator/account.ts';
import { runScript } from '../support/script.ts';

/** Beyond the size from which on a body is worth a thread. */
const LARGE = 64 * 1024;

/** A splitter, and the threads that it has started. */
function openSplitter(): { readonly splitter: ThreadSplitter; readonly threads: Worker[] } {
  const splitter = new ThreadSplitter();
  const threads: Worker[] = [];
  const note = (thread: Worker): number => threads.push(thread);
  process.on('worker', note);
  onTestFinished(async () => {
    process.off('worker', note);
    await splitter.close();
  });
  return { splitter, threads };
}

/** Everything that is found of a body; the body itself is given away. */
async function findingsOf(splitter: Splitter, text: string | Buffer): Promise<unknown> {
  const { body, images } = await splitter.split(Buffer.from(text));
  if (images === undefined) return { body: body.toString() };
  const { envelope, starts, ends, digests } = images;
  expect(images.body).toBe(body);
  return {
    body: body.toString(),
    envelope: JSON.stringify(envelope),
    ...{ starts, ends, digests },
  };
}

/** A page of a list, with whatever else stands in its envelope. */
function pageText(images: readonly string[], more = ''): string {
  return `{"success":true,"errors":[],"messages":[]${more},"result":{"images":[${images.join(',')}]}}`;
}

const images = new EmulatedAccount({ id: 'a', images: 300, seed: 7 }).list(0, 300);
const page = pageText(images);
const filler = `"${'x'.repeat(LARGE)}"`;

describe('a large page', () => {
  test.for([
    ['a page', page],
    ['of no images', pageText([], `,"more":${filler}`)],
    [
      'in an envelope with numbers that are kept as they are written',
      pageText(images, ',"n":1.0,"m":123456789012345678901'),
    ],
    ['in an envelope with a member named __proto__', pageText(images, ',"__proto__":{"a":1}')],
    ['with space between everything', pageText(images).replaceAll('},{', '} ,\n {')],
    ['with a byte order mark', `\ufeff${page}`],
    ['that is cut off', page.slice(0, -40)],
    ['whose images are no array', `{"success":true,"result":{"images":${filler}}}`],
    ['that is no JSON', filler.slice(1)],
    ['of an image that is no JSON', pageText([...images, '{"id":}'])],
    ['nested too deeply', pageText(images, `,"deep":${'['.repeat(LARGE)}${']'.repeat(LARGE)}`)],
    ['that is no UTF-8', Buffer.concat([Buffer.from([0xff]), Buffer.alloc(LARGE, 0xc3)])],
  ] as const)('%s: a thread finds what this one finds', async ([, text]) => {
    const { splitter, threads } = openSplitter();
    expect(await findingsOf(splitter, text)).toEqual(await findingsOf(splitHere, text));
    expect(threads).toHaveLength(1);
  });

  test('of which many come at once, in one thread', async () => {
    const { splitter, threads } = openSplitter();
    const texts = Array.from({ length: 20 }, (_, index) => pageText(images.slice(0, 200 + index)));
    const found = await Promise.all(texts.map((text) => findingsOf(splitter, text)));
    expect(found).toEqual(await Promise.all(texts.map((text) => findingsOf(splitHere, text))));
    expect(threads).toHaveLength(1);
  });

  test('is found where it stands in its memory, and comes back with all of it', async () => {
    const { splitter } = openSplitter();
    const all = Buffer.from(`###${page}###`);
    const { body } = await splitter.split(all.subarray(3, -3));
    expect(body.toString()).toBe(page);
    expect(body.buffer.byteLength).toBe(Buffer.byteLength(page) + 6);
    expect(all).toHaveLength(0);
  });
});

test('a small page needs no thread', async () => {
  const { splitter, threads } = openSplitter();
  const small = pageText(images.slice(0, 3));
  expect(await findingsOf(splitter, small)).toEqual(await findingsOf(splitHere, small));
  expect(threads).toEqual([]);
});

describe('a thread that dies', () => {
  test('is no answer: whoever waits for it is told', async () => {
    const { splitter, threads } = openSplitter();
    const waiting = [splitter.split(Buffer.from(page)), splitter.split(Buffer.from(page))];
    const { promise: started, resolve } = Promise.withResolvers<unknown>();
    process.once('worker', resolve);
    await started;
    await threads[0]?.terminate();
    for (const { status } of await Promise.allSettled(waiting)) expect(status).toBe('rejected');
  });

  test('is followed by another one for the next page', async () => {
    const { splitter, threads } = openSplitter();
    await findingsOf(splitter, page);
    await threads[0]?.terminate();
    expect(await findingsOf(splitter, page)).toEqual(await findingsOf(splitHere, page));
    expect(threads).toHaveLength(2);
    await splitter.close();
    expect(threads.map(({ threadId }) => threadId)).toEqual([-1, -1]);
  });
});

test('nothing is left behind one that is closed, and nothing is begun', async () => {
  const { splitter, threads } = openSplitter();
  await findingsOf(splitter, page);
  const [thread] = threads;
  const exit = thread && once(thread, 'exit');
  await splitter.close();
  await exit;
  await expect(splitter.split(Buffer.from(page))).rejects.toThrow('not split any more');
  expect(threads).toHaveLength(1);
});

const THREAD_SPLITTER = new URL('../../src/cloudflare/thread-splitter.ts', import.meta.url).href;

describe('a process', () => {
  test('waits for what it has asked of a thread, and for nothing else', async () => {
    const script = `
      import { ThreadSplitter } from ${JSON.stringify(THREAD_SPLITTER)};
      const splitter = new ThreadSplitter();
      const { body } = await splitter.split(Buffer.alloc(1_000_000, '['));
      console.log(body.length);`;
    expect(await runScript(script)).toEqual({ code: 0, stdout: '1000000\n', stderr: '' });
  });
});
