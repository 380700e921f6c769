import type { Dispatcher } from 'undici';
import type { BufferPool } from './buffer-pool.ts';

/** An answer as it came: its body is still packed if the headers say so. */
export interface Received {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** In memory of its own, which nobody else uses. */
  readonly body: Buffer<ArrayBuffer>;
}

/**
 * Sends a request and takes in the answer, whole. Each piece of the body is copied at once to where it will stay: collected
 * in a stream first, pages take half as long again, and twice the memory.
 *
 * @param buffers - Where large bodies are put.
 * @throws undici's error, or the signal's reason.
 */
export function receive(
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  signal: AbortSignal,
  buffers: BufferPool,
): Promise<Received> {
  const { promise, resolve, reject } = Promise.withResolvers<Received>();
  let status = 0;
  let headers: Received['headers'] = {};
  let body = new GrowingBody(buffers);
  let abort = reject;
  const onAbort = (): void => abort(signal.reason);

  const settle = (work: () => void): void => {
    signal.removeEventListener('abort', onAbort);
    work();
  };
  signal.addEventListener('abort', onAbort);
  dispatcher.dispatch(request, {
    onRequestStart(controller) {
      abort = (reason) => controller.abort(reason as Error);
      if (signal.aborted) onAbort();
    },
    onResponseStart(_controller, statusCode, responseHeaders) {
      // Below 200 it only announces the answer.
      if (statusCode < 200) return;
      status = statusCode;
      headers = responseHeaders;
      body = new GrowingBody(buffers, Number(responseHeaders['content-length']));
    },
    onResponseData: (_controller, chunk) => body.add(chunk),
    onResponseEnd: () => settle(() => resolve({ status, headers, body: body.whole() })),
    onResponseError: (_controller, error) => settle(() => reject(error)),
  });
  if (signal.aborted) onAbort();
  return promise;
}

/** A server that announces more gets it as it sends it. */
const MOST_AHEAD = 4 * 1024 * 1024;

/** A body whose pieces are put where they will stay. */
class GrowingBody {
  readonly #buffers: BufferPool;
  #bytes: Buffer<ArrayBuffer>;
  #length = 0;

  /** @param announced - How long it will be, as far as the server says so. */
  constructor(buffers: BufferPool, announced = 0) {
    this.#buffers = buffers;
    this.#bytes = buffers.take(announced > 0 ? Math.min(announced, MOST_AHEAD) : 0);
  }

  add(chunk: Buffer): void {
    const length = this.#length + chunk.length;
    if (length > this.#bytes.length) this.#grow(length);
    chunk.copy(this.#bytes, this.#length);
    this.#length = length;
  }

  whole(): Buffer<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  #grow(atLeast: number): void {
    const larger = this.#buffers.take(Math.max(atLeast, 2 * this.#bytes.length));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#buffers.giveBack(this.#bytes);
    this.#bytes = larger;
  }
}
