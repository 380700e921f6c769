import { asFailure, Failure } from '../inventory/failure.ts';
import type { Emit } from '../sync/events.ts';
import type { Clock, Limits } from '../sync/ports/clock.ts';
import type { RequestPlan, Usage } from '../sync/ports/source.ts';
import { parseBody, readEnvelope, type Verdict } from './envelope.ts';
import { cfRay, quotaLeft, retryAfterMs } from './headers.ts';
import type { Lane } from './pace.ts';
import type { Answer, Transport } from './transport.ts';
import { networkCode } from './transport.ts';

export interface ClientOptions {
  readonly transport: Transport;
  readonly lane: Lane;
  readonly clock: Clock;
  readonly emit: Emit;
  /** Retries of one request after passing faults; being throttled is limited by the deadline alone. */
  readonly maxRetries: number;
  /** 0 (inclusive) to 1 (exclusive), for jitter. */
  readonly random: () => number;
}

/** What an answer is good for. */
export interface Reader<T> {
  /** The body of an answer with status 200 as JSON, or what stands for it; `undefined` if it is none. As it is, if absent. */
  readonly parse?: (body: Buffer) => unknown;
  /** Proves and decodes the result; a `Failure` it throws is a fault of the answer, and retried. */
  readonly read: (result: unknown) => T;
}

/** A believed answer: what the reader made of its result, and where it came from. */
export interface Reply<T> {
  readonly value: T;
  readonly requestMs: number;
  readonly cfRay: string | undefined;
}

const FIRST_BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 30_000;
/** Cloudflare blocks a user that exceeded its quota for five minutes. */
const LONGEST_THROTTLE_MS = 300_000;

/** Network errors that say that the other side is not who it should be: asking again cannot help. */
const TLS_CODES = /^(ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

/** Asks the API until it has a believable answer, or knows that there will be none. */
export class ApiClient {
  readonly #options: ClientOptions;
  #requests = 0;
  #retries = 0;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  usage(): Usage {
    return { requests: this.#requests, retries: this.#retries };
  }

  /** What so many more requests take of the configured quota. */
  plan(more: number, limits: Limits): RequestPlan {
    const { pacer } = this.#options.lane;
    const waitMs = pacer.waitMsOf(more);
    const { requests, intervalMs } = pacer.limits;
    return {
      requests: this.#requests + more,
      waitMs,
      quota: { requests, intervalMs },
      isTooLong: waitMs > this.#timeLeft(limits),
    };
  }

  isWaiting(): boolean {
    return this.#options.lane.isWaiting;
  }

  /**
   * One GET, with retries.
   *
   * @param what - What is asked for, as the subject of an error's message: "page 3 of the list".
   * @returns `undefined` when the API said that there is no such image.
   */
  async get<T>(
    what: string,
    path: string,
    reader: Reader<T>,
    limits: Limits,
  ): Promise<Reply<T> | undefined> {
    try {
      return await this.#get(path, reader, limits);
    } catch (error) {
      limits.signal.throwIfAborted();
      throw inContext(what, asFailure(error));
    }
  }

  async #get<T>(path: string, reader: Reader<T>, limits: Limits): Promise<Reply<T> | undefined> {
    const { lane } = this.#options;
    const { pacer } = lane;
    let faults = 0;
    for (let attempt = 1; ; attempt += 1) {
      if (pacer.waitMs > this.#timeLeft(limits)) throw outOfQuota();
      const outcome = await lane.run(
        () => this.#attempt(path, reader, attempt, limits),
        limits.signal,
      );
      if ('reply' in outcome) return outcome.reply;
      const { kind, failure, answer, waitMs } = outcome;
      if (kind === 'passing') faults += 1;
      if (kind === 'final' || faults > this.#options.maxRetries) throw failure;

      if (waitMs > this.#timeLeft(limits)) throw failure;
      this.#retries += 1;
      this.#options.emit({
        type: 'request.retry',
        attempt,
        waitMs,
        status: answer?.status,
        reason: failure.message,
        cfRay: answer && cfRay(answer.headers),
      });
      if (kind !== 'throttled') await this.#options.clock.wait(waitMs, limits.signal);
    }
  }

  /** Asks once. Being throttled pauses everybody while the request is still under way, so that nothing starts in between. */
  async #attempt<T>(
    path: string,
    reader: Reader<T>,
    attempt: number,
    limits: Limits,
  ): Promise<Outcome<T, Setback>> {
    const outcome = await this.#ask(path, reader, limits);
    if ('reply' in outcome) return outcome;
    const waitMs = this.#waitMs(outcome, attempt);
    if (outcome.kind === 'throttled') this.#pause(waitMs, limits);
    return { ...outcome, waitMs };
  }

  async #ask<T>(
    path: string,
    { parse = parseBody, read }: Reader<T>,
    limits: Limits,
  ): Promise<Outcome<T>> {
    this.#requests += 1;
    const sentAt = this.#options.clock.elapsed();
    let answer: Answer;
    try {
      answer = await this.#options.transport.get(path, limits.signal);
    } catch (error) {
      this.#options.emit({ type: 'request.finished', status: undefined });
      limits.signal.throwIfAborted();
      return { kind: curable(error) ? 'passing' : 'final', failure: asFailure(error) };
    }
    this.#options.emit({ type: 'request.finished', status: answer.status });
    const quota = quotaLeft(answer.headers);
    if (quota !== undefined) this.#options.lane.pacer.observe(quota, sentAt);
    const body = await (answer.status === 200 ? parse : parseBody)(answer.body);
    return believe(readEnvelope(answer, body, this.#options.transport.redact), answer, read);
  }

  /** Also where the run has no time for it: the next one of the same user would be refused like this one. */
  #pause(waitMs: number, limits: Limits): void {
    const hasTime = waitMs <= this.#timeLeft(limits);
    const { pacer } = this.#options.lane;
    pacer.pause(hasTime ? waitMs : Math.min(waitMs, LONGEST_THROTTLE_MS), 'throttled');
  }

  /** How long to wait before asking again: full jitter after faults; after being throttled, what the server asked for. */
  #waitMs({ kind, answer }: Fault, attempt: number): number {
    const { clock, random } = this.#options;
    const asked = answer && retryAfterMs(answer.headers, clock.now());
    // "In 0 seconds" is no pause at all: a server that keeps saying so would be hammered.
    if (asked !== undefined && asked > 0) return asked;
    const grown = FIRST_BACKOFF_MS * 2 ** (attempt - 1);
    if (kind === 'throttled') return Math.min(LONGEST_THROTTLE_MS, 2 * grown);
    return random() * Math.min(LONGEST_BACKOFF_MS, grown);
  }

  /** Until the run's deadline, in milliseconds; what lasts longer need not be begun. */
  #timeLeft(limits: Limits): number {
    return Math.max(0, limits.deadlineAt - this.#options.clock.elapsed());
  }
}

/** Says what was being done, and what to do next where the fault itself does not know. */
function inContext(what: string, failure: Failure): Failure {
  const hint = failure.hint ?? 'This usually passes: run it again in a few minutes.';
  return new Failure(failure.code, `${what}: ${failure.message}`, {
    hint,
    cause: failure.cause ?? failure,
  });
}

function outOfQuota(): Failure {
  return new Failure(
    'RATE_LIMITED',
    "the API's quota is used up for longer than the run may take",
    {
      hint: 'Run it again later, or raise IMAGE_INVENTORY_DEADLINE.',
    },
  );
}

interface Fault {
  readonly kind: 'passing' | 'throttled' | 'final';
  readonly failure: Failure;
  readonly answer?: Answer;
}

/** A fault, and how long to wait before asking again, in milliseconds. */
interface Setback extends Fault {
  readonly waitMs: number;
}

type Outcome<T, F extends Fault = Fault> = { readonly reply: Reply<T> | undefined } | F;

function believe<T>(verdict: Verdict, answer: Answer, read: (result: unknown) => T): Outcome<T> {
  if (verdict.kind === 'absent') return { reply: undefined };
  if (verdict.kind !== 'result') return { kind: verdict.kind, failure: verdict.failure, answer };
  try {
    const value = read(verdict.result);
    return { reply: { value, requestMs: answer.ms, cfRay: cfRay(answer.headers) } };
  } catch (error) {
    // Whatever makes an answer unreadable, such as meta nested beyond the stack, is the answer's fault.
    const failure =
      error instanceof Failure
        ? error
        : new Failure('BAD_ANSWER', 'the answer cannot be read', { cause: error });
    return { kind: 'passing', failure, answer };
  }
}

function curable(error: unknown): boolean {
  if (!(error instanceof Failure) || error.code === 'ANSWER_TOO_LARGE') return false;
  return !TLS_CODES.test(networkCode(error.cause));
}
