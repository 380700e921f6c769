import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { isObject, parseJson } from '../inventory/json-text.ts';
import { splitHere, type Split, type Splitter } from './split-body.ts';
import type { Finding, Question } from './splitter-thread.ts';

/** Smaller bodies are split in less time than it takes to send them. */
const WORTH_SENDING = 64 * 1024;

/** The compiled program's thread is compiled too. */
const THREAD = new URL(`./splitter-thread${extname(import.meta.url)}`, import.meta.url);

/** What a page leaves behind is gone with the next; without a limit the thread would keep it for long. */
const LIMITS = { maxYoungGenerationSizeMb: 2 };

/**
 * Splits large pages in a thread of its own, so that a page is digested while another one is stored. The thread is
 * started for the first of them, and again behind one that has died; what the dead one held is lost with it.
 */
export class ThreadSplitter implements Splitter {
  #thread: SplitterThread | undefined;
  #isClosed = false;

  /** @throws Error if the thread ends before it answers, or if this is closed. */
  async split(body: Buffer): Promise<Split> {
    if (body.length < WORTH_SENDING) return splitHere.split(body);
    if (this.#isClosed) throw new Error('pages are not split any more');
    if (this.#thread?.hasEnded !== false) this.#thread = new SplitterThread();
    return this.#thread.split(body);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#thread?.end();
  }
}

interface Waiting {
  readonly resolve: (finding: Finding) => void;
  readonly reject: (error: unknown) => void;
}

/** One thread, and what it was asked. It keeps the process running as long as it owes an answer, and no longer. */
class SplitterThread {
  readonly #worker = new Worker(THREAD, { name: 'splitter', resourceLimits: LIMITS });
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #hasEnded = false;

  constructor() {
    this.#worker.unref();
    this.#worker.on('message', (finding: Finding) => this.#hear(finding));
    this.#worker.on('error', (error) => this.#giveUp(error));
    this.#worker.on('exit', () => this.#giveUp(ended()));
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  async split(body: Buffer): Promise<Split> {
    const { images, ...back } = await this.#ask(body);
    const own = bufferOf(back.body);
    if (images === undefined) return { body: own, images };
    const envelope = parseJson(images.envelope);
    if (!isObject(envelope)) throw new TypeError('the envelope of a page is an object');
    return { body: own, images: { ...images, envelope, body: own } };
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #ask({ buffer, byteOffset, length }: Buffer): Promise<Finding> {
    const { promise, resolve, reject } = Promise.withResolvers<Finding>();
    const id = (this.#lastId += 1);
    this.#waiting.set(id, { resolve, reject });
    this.#worker.ref();
    const body = new Uint8Array(buffer as ArrayBuffer, byteOffset, length);
    this.#worker.postMessage({ id, body } satisfies Question, [body.buffer]);
    return promise;
  }

  #hear(finding: Finding): void {
    this.#waiting.get(finding.id)?.resolve(finding);
    this.#waiting.delete(finding.id);
    if (this.#waiting.size === 0) this.#worker.unref();
  }

  #giveUp(error: unknown): void {
    this.#hasEnded = true;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

function ended(): Error {
  return new Error('the thread that splits pages has ended');
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
