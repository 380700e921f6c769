import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { examineHere, type Examined, type Examiner } from './examine.ts';
import type { Finding, Question } from './examiner-thread.ts';

/** Smaller bodies are examined in less time than it takes to send them. */
const WORTH_SENDING = 64 * 1024;

/** The compiled program's thread is compiled too. */
const THREAD = new URL(`./examiner-thread${extname(import.meta.url)}`, import.meta.url);

/** What a page leaves behind is gone with the next; without a limit the thread would keep it for long. */
const LIMITS = { maxYoungGenerationSizeMb: 2 };

interface Waiting {
  readonly resolve: (finding: Finding) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Examines large pages in a thread of its own, so that a page is digested while another one is stored. The thread is
 * started for the first of them, and holds up nothing that wants to end.
 */
export class ThreadExaminer implements Examiner {
  #worker: Worker | undefined;
  #lastId = 0;
  readonly #waiting = new Map<number, Waiting>();

  async examine(body: Buffer): Promise<Examined> {
    if (body.length < WORTH_SENDING) return examineHere.examine(body);
    const bytes = ownBytes(body);
    const id = (this.#lastId += 1);
    const { digest = new Uint8Array() } = await this.#ask({ is: 'take', id, body: bytes }, [
      bytes.buffer,
    ]);
    return {
      digest: bufferOf(digest),
      split: () => this.#split(id),
      [Symbol.dispose]: () => this.#worker?.postMessage({ is: 'drop', id } satisfies Question),
    };
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
    this.#worker = undefined;
  }

  async #split(id: number): ReturnType<Examined['split']> {
    const { body: bytes = new Uint8Array(), images } = await this.#ask({ is: 'split', id });
    const body = bufferOf(bytes);
    return { body, images: images && { ...images, body } };
  }

  #ask(question: Question, transfer: ArrayBuffer[] = []): Promise<Finding> {
    const { promise, resolve, reject } = Promise.withResolvers<Finding>();
    this.#waiting.set(question.id, { resolve, reject });
    this.#worker ??= this.#start();
    this.#worker.postMessage(question, transfer);
    return promise;
  }

  #start(): Worker {
    const worker = new Worker(THREAD, { name: 'examiner', resourceLimits: LIMITS });
    worker.on('message', (finding: Finding) => {
      this.#waiting.get(finding.id)?.resolve(finding);
      this.#waiting.delete(finding.id);
    });
    worker.on('error', (error) => this.#giveUp(error));
    worker.on('exit', () => this.#giveUp(new Error('the thread that examines pages has ended')));
    worker.unref();
    return worker;
  }

  /** The next page gets another thread. */
  #giveUp(error: unknown): void {
    this.#worker = undefined;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

/** Bytes that share their memory with no others, so that it can be handed over. */
function ownBytes(body: Buffer): Uint8Array<ArrayBuffer> {
  const isWhole = body.byteLength === body.buffer.byteLength && body.buffer instanceof ArrayBuffer;
  return isWhole ? new Uint8Array(body.buffer) : Uint8Array.from(body);
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
