import { Agent } from 'undici';

/** What came of one attempt: an HTTP answer, or why there is none. */
export type Reply =
  | { readonly status: number; readonly retryAfter: string | undefined }
  | { readonly status: undefined; readonly reason: string };

export interface ReceiverOptions {
  /** Private: whoever knows it can post there. Nothing that comes out of here holds any part of it. */
  readonly url: string;
  readonly userAgent: string;
  /** For one attempt, from its start to the end of the answer. */
  readonly timeoutMs: number;
}

/** The other side of the webhook. */
export interface Receiver {
  /** One POST of a JSON text, without retry. Never rejects; an abort is a reply without an answer. */
  readonly post: (
    body: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ) => Promise<Reply>;
  readonly close: () => Promise<void>;
}

/** Of an answer only the status and `Retry-After` count; a little more is read, so that the other side can end in peace. */
const LONGEST_ANSWER_BYTES = 4096;

/** Connections to one receiver. Redirects are not followed: the notice and its signature are for this one alone. */
export function createReceiver({ url, userAgent, timeoutMs }: ReceiverOptions): Receiver {
  const { origin, pathname, search } = new URL(url);
  const agent = new Agent({ connections: 1, connect: { timeout: timeoutMs } });

  async function post(
    body: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Reply> {
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const answer = await agent.request({
        origin,
        path: pathname + search,
        method: 'POST',
        headers: { 'content-type': 'application/json', 'user-agent': userAgent, ...headers },
        body,
        signal: AbortSignal.any([signal, timeout]),
      });
      // An answer that breaks off, never ends or is huge is none the worse: the dump ends with it, and never fails.
      await answer.body.dump({ limit: LONGEST_ANSWER_BYTES });
      return { status: answer.statusCode, retryAfter: single(answer.headers['retry-after']) };
    } catch (error) {
      const reason = timeout.aborted ? `no answer within ${timeoutMs / 1000} s` : codeOf(error);
      return { status: undefined, reason };
    }
  }

  return { post, close: () => agent.destroy() };
}

/** An error's code, such as `ECONNREFUSED`. Its message may name what is private. */
function codeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : '';
  return typeof code === 'string' && code !== '' ? code : 'no connection';
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
