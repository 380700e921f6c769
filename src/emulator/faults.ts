import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { FaultName, SABOTAGE_NAMES, WRONG_ANSWER_NAMES } from './choices.ts';
import { drippingBody, hugeBody, sendBody } from './endless-bodies.ts';
import { failure, headersOf, success, type EmulatedAnswer } from './envelope.ts';
import { tooMany } from './rate-limit.ts';

const EDGE_PAGE = '<!DOCTYPE html><html><title>502: Bad gateway</title><h1>Bad gateway</h1></html>';
const HTML = { 'content-type': 'text/html; charset=UTF-8' };
const html = (status: number): EmulatedAnswer => ({ status, headers: HTML, body: EDGE_PAGE });

const httpDate = (ms: number): string => new Date(ms).toUTCString();

function withHeaders(right: EmulatedAnswer, others: OutgoingHttpHeaders): EmulatedAnswer {
  return { ...right, headers: { ...right.headers, ...others } };
}

/** An answer instead of the right one, made from it where that matters. */
type WrongAnswer = (right: EmulatedAnswer) => EmulatedAnswer;

/** Something worse than a wrong answer, done to the connection. */
type Sabotage = (response: ServerResponse, right: EmulatedAnswer) => void;

/** Answers as the API, its edge and proxies on the way have been seen to give, by name. */
export const WRONG_ANSWERS = {
  'error-500': () => failure(500, 10001, 'Internal server error'),
  'error-200': () => failure(200, 10001, 'Internal server error'),
  'throttled-200': () =>
    failure(200, 971, 'Please wait and consider throttling your request speed'),
  throttled: () => tooMany(),
  // A date has whole seconds: it is 1 to 2 seconds ahead.
  'throttled-date': () => tooMany({ 'retry-after': httpDate(Date.now() + 2000) }),
  'throttled-absurd': () => tooMany({ 'retry-after': '99999999999' }),
  'throttled-garbage': () => tooMany({ 'retry-after': 'soon' }),
  'throttled-zero': () => tooMany({ 'retry-after': '0' }),
  forbidden: () => failure(403, 9109, 'Unauthorized to access requested resource'),
  'html-200': () => html(200),
  'html-403': () => html(403),
  'html-502': () => html(502),
  'html-520': () => html(520),
  'null-result': () => success('null'),
  'empty-list': () => success('{"images":[]}'),
  'images-object': () => success('{"images":{}}'),
  'no-id': () => success('{"images":[{"filename":"nameless.png"}]}'),
  'success-string': (right) => ({ ...right, body: right.body.replace('true', '"true"') }),
  truncated: (right) => ({ ...right, body: right.body.slice(0, right.body.length / 2) }),
  'empty-body': (right) => ({ ...right, body: '' }),
  'wrong-type': (right) => withHeaders(right, HTML),
  'gzip-lies': (right) => withHeaders(right, { 'content-encoding': 'gzip' }),
  'bad-token': (right) => ({
    ...right,
    body: right.body.replace(/"continuation_token":("[^"]*"|null)/, '"continuation_token":7'),
  }),
  redirect: () => ({ status: 302, headers: { location: 'https://example.test/' }, body: '' }),
  'bad-filter': () => failure(400, 5400, 'Bad request'),
  'no-route': () => failure(404, 7003, 'Could not route to the requested path'),
  gone: () => failure(410, 7000, 'This endpoint is no longer served'),
} as const satisfies Record<(typeof WRONG_ANSWER_NAMES)[number], WrongAnswer>;

/** What can happen to the connection, by name. */
export const SABOTAGES = {
  reset: (response) => void response.socket?.resetAndDestroy(),
  'reset-mid-body': (response, right) => {
    response.writeHead(right.status, headersOf(right));
    // Closed, not reset: a reset would overtake the bytes that are still on their way.
    response.write(right.body.slice(0, right.body.length / 2), () => response.destroy());
  },
  hang: () => undefined,
  'hang-mid-body': (response, right) => {
    response.writeHead(right.status, headersOf(right));
    response.write(right.body.slice(0, right.body.length / 2));
  },
  huge: (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    sendBody(response, hugeBody());
  },
  drip: (response, right) => {
    response.writeHead(right.status, headersOf(right));
    response.flushHeaders();
    sendBody(response, drippingBody(right.body));
  },
} as const satisfies Record<(typeof SABOTAGE_NAMES)[number], Sabotage>;

/** A fault to commit: which, to which requests, and how often. */
export interface Fault {
  readonly name: FaultName;
  /** Only requests whose path and query match; all if absent. */
  readonly path?: RegExp;
  /** Committed so many times, then never again; for ever if absent. */
  readonly times?: number;
  /** The chance of each matching request, 0 to 1; 1 if absent. */
  readonly probability?: number;
}

/** Decides which request suffers what. */
export class FaultPlan {
  readonly #faults: { readonly fault: Fault; left: number }[] = [];
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  add(fault: Fault): void {
    this.#faults.push({ fault, left: fault.times ?? Infinity });
  }

  clear(): void {
    this.#faults.length = 0;
  }

  /** The fault that the next request with this path suffers, if any. */
  next(path: string): FaultName | undefined {
    for (const entry of this.#faults) {
      const { fault } = entry;
      if (entry.left === 0 || fault.path?.test(path) === false) continue;
      if (fault.probability !== undefined && this.#random() >= fault.probability) continue;
      entry.left -= 1;
      return fault.name;
    }
    return undefined;
  }
}
