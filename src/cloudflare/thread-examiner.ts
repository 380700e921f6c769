import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { isObject, parseJson } from '../inventory/json-text.ts';
import { examineHere, type Examined, type Examiner } from './examine.ts';
import type { Finding, Question } from './examiner-thread.ts';

/** Smaller bodies are examined in less time than it takes to send them. */
const WORTH_SENDING = 64 * 1024;

/** The compiled program's thread is compiled too. */
const THREAD = new URL(`./examiner-thread${extname(import.meta.url)}`, import.meta.url);

/** What a page leaves behind is gone with the next; without a limit the thread would keep it for long. */
const LIMITS = { maxYoungGenerationSizeMb: 2 };

/**
 * Examines large pages in a thread of its own, so that a page is digested while another one is stored. The thread is
 * started for the first of them, and again behind one that has died; what the dead one held is lost with it.
 */
export class ThreadExaminer implements Examiner {
  #thread: ExaminerThread | undefined;
  #isClosed = false;

  /** @throws Error if the thread ends before it answers, or if this is closed. */
  async examine(body: Buffer): Promise<Examined> {
    if (body.length < WORTH_SENDING) return examineHere.examine(body);
    if (this.#isClosed) throw new Error('pages are not examined any more');
    if (this.#thread?.hasEnded !== false) this.#thread = new ExaminerThread();
    return this.#thread.examine(body);
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
class ExaminerThread {
  readonly #worker = new Worker(THREAD, { name: 'examiner', resourceLimits: LIMITS });
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

  async examine(body: Buffer): Promise<Examined> {
    const bytes = ownBytes(body);
    const id = (this.#lastId += 1);
    const { digest } = await this.#ask({ is: 'take', id, body: bytes }, [bytes.buffer]);
    return {
      digest: bufferOf(digest),
      split: () => this.#split(id),
      [Symbol.dispose]: () => this.#worker.postMessage({ is: 'drop', id } satisfies Question),
    };
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  async #split(id: number): ReturnType<Examined['split']> {
    const { body: bytes, images } = await this.#ask({ is: 'split', id });
    const body = bufferOf(bytes);
    if (images === undefined) return { body, images };
    const envelope = parseJson(images.envelope);
    if (!isObject(envelope)) throw new TypeError('the envelope of a page is an object');
    return { body, images: { ...images, envelope, body } };
  }

  #ask(question: Question, transfer: ArrayBuffer[] = []): Promise<Finding> {
    const { promise, resolve, reject } = Promise.withResolvers<Finding>();
    // Whatever is asked of a thread that has ended would never be answered.
    if (this.#hasEnded) throw ended();
    this.#waiting.set(question.id, { resolve, reject });
    this.#worker.ref();
    this.#worker.postMessage(question, transfer);
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
  return new Error('the thread that examines pages has ended');
}

/** Bytes that share their memory with no others, so that it can be handed over. */
function ownBytes(body: Buffer): Uint8Array<ArrayBuffer> {
  const isWhole = body.byteLength === body.buffer.byteLength && body.buffer instanceof ArrayBuffer;
  return isWhole ? new Uint8Array(body.buffer) : Uint8Array.from(body);
}

function bufferOf(bytes?: Uint8Array): Buffer {
  const { buffer, byteOffset, byteLength } = bytes ?? new Uint8Array();
  return Buffer.from(buffer, byteOffset, byteLength);
}
