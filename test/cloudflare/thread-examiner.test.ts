import { once } from 'node:events';
import process from 'node:process';
import type { Worker } from 'node:worker_threads';
import { describe, expect, onTestFinished, test } from 'vitest';
import { examineHere, type Examiner } from '../../src/cloudflare/examine.ts';
import { ThreadExaminer } from '../../src/cloudflare/thread-examiner.ts';
import { EmulatedAccount } from '../../src/emulator/account.ts';
import { runScript } from '../support/script.ts';

/** Beyond the size from which on a body is worth a thread. */
const LARGE = 64 * 1024;

/** An examiner, and the threads that it has started. */
function openExaminer(): { readonly examiner: ThreadExaminer; readonly threads: Worker[] } {
  const examiner = new ThreadExaminer();
  const threads: Worker[] = [];
  const note = (thread: Worker): number => threads.push(thread);
  process.on('worker', note);
  onTestFinished(async () => {
    process.off('worker', note);
    await examiner.close();
  });
  return { examiner, threads };
}

/** Everything that is found of a body; the body itself is given away. */
async function findingsOf(examiner: Examiner, text: string | Buffer): Promise<unknown> {
  using page = await examiner.examine(Buffer.from(text));
  const { digest } = page;
  const { body, images } = await page.split();
  if (images === undefined) return { digest: digest.toString('hex'), body: body.toString() };
  const { envelope, starts, ends, digests } = images;
  expect(images.body).toBe(body);
  return {
    digest: digest.toString('hex'),
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
    const { examiner, threads } = openExaminer();
    expect(await findingsOf(examiner, text)).toEqual(await findingsOf(examineHere, text));
    expect(threads).toHaveLength(1);
  });

  test('of which many come at once, in one thread', async () => {
    const { examiner, threads } = openExaminer();
    const texts = Array.from({ length: 20 }, (_, index) => pageText(images.slice(0, 200 + index)));
    const found = await Promise.all(texts.map((text) => findingsOf(examiner, text)));
    expect(found).toEqual(await Promise.all(texts.map((text) => findingsOf(examineHere, text))));
    expect(threads).toHaveLength(1);
  });

  test('that shares its memory with others is copied, not taken from them', async () => {
    const { examiner } = openExaminer();
    const all = Buffer.from(`###${page}###`);
    using examined = await examiner.examine(all.subarray(3, -3));
    expect(all.toString()).toBe(`###${page}###`);
    expect((await examined.split()).body.toString()).toBe(page);
  });
});

test('a small page needs no thread', async () => {
  const { examiner, threads } = openExaminer();
  const small = pageText(images.slice(0, 3));
  expect(await findingsOf(examiner, small)).toEqual(await findingsOf(examineHere, small));
  expect(threads).toEqual([]);
});

describe('a thread that dies', () => {
  test('is no answer: whoever waits for it is told', async () => {
    const { examiner, threads } = openExaminer();
    const waiting = [examiner.examine(Buffer.from(page)), examiner.examine(Buffer.from(page))];
    const { promise: started, resolve } = Promise.withResolvers<unknown>();
    process.once('worker', resolve);
    await started;
    await threads[0]?.terminate();
    for (const { status } of await Promise.allSettled(waiting)) expect(status).toBe('rejected');
  });

  test('takes with it what it held; the next page gets another one', async () => {
    const { examiner, threads } = openExaminer();
    const lost = await examiner.examine(Buffer.from(page));
    await threads[0]?.terminate();
    expect(await findingsOf(examiner, page)).toEqual(await findingsOf(examineHere, page));
    expect(threads).toHaveLength(2);
    await expect(lost.split()).rejects.toThrow('has ended');
    lost[Symbol.dispose]();
    await examiner.close();
    expect(threads.map(({ threadId }) => threadId)).toEqual([-1, -1]);
  });
});

test('nothing is left behind one that is closed, and nothing is begun', async () => {
  const { examiner, threads } = openExaminer();
  await findingsOf(examiner, page);
  const [thread] = threads;
  const exit = thread && once(thread, 'exit');
  await examiner.close();
  await exit;
  await expect(examiner.examine(Buffer.from(page))).rejects.toThrow('not examined any more');
  expect(threads).toHaveLength(1);
});

const THREAD_EXAMINER = new URL('../../src/cloudflare/thread-examiner.ts', import.meta.url).href;

describe('a process', () => {
  test('waits for what it has asked of a thread, and for nothing else', async () => {
    const script = `
      import { ThreadExaminer } from ${JSON.stringify(THREAD_EXAMINER)};
      const examiner = new ThreadExaminer();
      const page = await examiner.examine(Buffer.alloc(1_000_000, '['));
      const { body } = await page.split();
      console.log(body.length);`;
    expect(await runScript(script)).toEqual({ code: 0, stdout: '1000000\n', stderr: '' });
  });
});
