/** The thread of {@link ThreadExaminer}: digests pages, and cuts those that are not known. */
import { parentPort } from 'node:worker_threads';
import { digestPage } from '../inventory/shown-bytes.ts';
import { splitBody } from './examine.ts';

/** What the thread is asked: to take in a page, to give it back with its images, or to let it go. */
export type Question =
  | { readonly is: 'take'; readonly id: number; readonly body: Uint8Array<ArrayBuffer> }
  | { readonly is: 'split' | 'drop'; readonly id: number };

/** What it answers. */
export interface Finding {
  readonly id: number;
  readonly digest?: Uint8Array;
  readonly body?: Uint8Array<ArrayBuffer>;
  readonly images?: {
    /** As JSON: a number that is kept as it is written cannot be sent otherwise. */
    readonly envelope: string;
    readonly starts: Uint32Array<ArrayBuffer>;
    readonly ends: Uint32Array<ArrayBuffer>;
    readonly digests: Uint32Array<ArrayBuffer>;
  };
}

const held = new Map<number, Uint8Array<ArrayBuffer>>();

parentPort?.on('message', (question: Question) => {
  const { id } = question;
  if (question.is === 'take') {
    held.set(id, question.body);
    answer({ id, digest: digestPage(question.body) });
    return;
  }
  const body = held.get(id);
  held.delete(id);
  if (body === undefined) return;
  if (question.is === 'split') split(id, body);
  // Given back at once: nothing else here would make the collector look for it.
  else body.buffer.transfer(0);
});

function split(id: number, body: Uint8Array<ArrayBuffer>): void {
  const found = splitBody(Buffer.from(body.buffer, body.byteOffset, body.byteLength));
  if (found === undefined) {
    answer({ id, body }, [body.buffer]);
    return;
  }
  const starts = found.starts as Uint32Array<ArrayBuffer>;
  const ends = found.ends as Uint32Array<ArrayBuffer>;
  const digests = found.digests as Uint32Array<ArrayBuffer>;
  const images = { envelope: JSON.stringify(found.envelope), starts, ends, digests };
  answer({ id, body, images }, [body.buffer, starts.buffer, ends.buffer, digests.buffer]);
}

function answer(finding: Finding, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(finding, transfer);
}
