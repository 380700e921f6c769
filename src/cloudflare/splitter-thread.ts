/** The thread of {@link ThreadSplitter}. */
import { parentPort } from 'node:worker_threads';
import { splitBody } from './split-body.ts';

/** A body to be split. */
export interface Question {
  readonly id: number;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** The body comes back, with the images that were found in it. */
export interface Finding extends Question {
  readonly images?: {
    /** As JSON: a number that is kept as it is written cannot be sent otherwise. */
    readonly envelope: string;
    readonly starts: Uint32Array<ArrayBuffer>;
    readonly ends: Uint32Array<ArrayBuffer>;
    readonly digests: Uint32Array<ArrayBuffer>;
  };
}

parentPort?.on('message', ({ id, body }: Question) => {
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
});

function answer(finding: Finding, transfer: ArrayBuffer[]): void {
  parentPort?.postMessage(finding, transfer);
}
