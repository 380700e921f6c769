import { EventEmitter } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { parseJson, isObject } from '../inventory/json-text.ts';
import { EmulatedAccount, type AccountOptions } from './account.ts';
import { refuse, type EmulatedCredentials } from './auth.ts';
import type { FaultName } from './choices.ts';
import { EMULATED_CREDENTIALS } from './defaults.ts';
import { failure, headersOf, type EmulatedAnswer } from './envelope.ts';
import { FaultPlan, SABOTAGES, WRONG_ANSWERS } from './faults.ts';
import { KeptAnswers } from './kept-answers.ts';
import { NO_QUIRKS, type Quirks } from './quirks.ts';
import { RateLimiter, type RateLimitOptions } from './rate-limit.ts';
import { NO_ROUTE, route, type RouteContext } from './routes.ts';

export interface EmulatorOptions {
  readonly accounts: readonly AccountOptions[];
  readonly credentials?: Partial<EmulatedCredentials>;
  /** 0 takes any free port. */
  readonly port?: number;
  readonly host?: string;
  /** Added to every answer, in milliseconds. */
  readonly latencyMs?: number;
  readonly rateLimit?: RateLimitOptions;
  readonly quirks?: Partial<Quirks>;
  /** For faults that come by chance, 0 to 1. */
  readonly random?: () => number;
  /** Whether each answer is made once and kept, for measurements. Only right answers of an account that stands still are. */
  readonly keepsAnswers?: boolean;
}

const BASE_PATH = '/client/v4';
const LARGEST_BODY = 16 * 1024 * 1024;

/**
 * A stand-in of the Cloudflare Images API on this machine: real HTTP, state that changes while
 * somebody lists it, and faults on demand. Emits `request` (method, path with query) for every
 * request before it is answered.
 */
export class Emulator extends EventEmitter<{ request: [method: string, path: string] }> {
  readonly faults: FaultPlan;
  readonly rateLimiter: RateLimiter | undefined;
  /** Every request so far, as `GET /accounts/…`. */
  readonly requests: string[] = [];
  readonly #accounts: Map<string, EmulatedAccount>;
  readonly #context: RouteContext;
  readonly #credentials: EmulatedCredentials;
  readonly #options: EmulatorOptions;
  readonly #kept: KeptAnswers | undefined;
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  constructor(options: EmulatorOptions) {
    super();
    this.#options = options;
    this.#credentials = { ...EMULATED_CREDENTIALS, ...options.credentials };
    this.#accounts = new Map(
      options.accounts.map((account) => [account.id, new EmulatedAccount(account)]),
    );
    this.#context = {
      accounts: this.#accounts,
      quirks: { ...NO_QUIRKS, ...options.quirks },
    };
    this.faults = new FaultPlan(options.random ?? Math.random);
    this.rateLimiter = options.rateLimit && new RateLimiter(options.rateLimit);
    this.#kept = options.keepsAnswers === true ? new KeptAnswers() : undefined;
  }

  /** @returns The base URL to configure a client with. */
  async listen(): Promise<string> {
    const { port = 0, host = '127.0.0.1' } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    this.#server.once('error', reject);
    this.#server.listen(port, host, () => resolve(undefined));
    await promise;
    const address = this.#server.address() as AddressInfo;
    return `http://${host}:${address.port}${BASE_PATH}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Serves one more account. */
  addAccount(options: AccountOptions): EmulatedAccount {
    const account = new EmulatedAccount(options);
    this.#accounts.set(options.id, account);
    return account;
  }

  /** Knows an account no more. */
  removeAccount(id: string): void {
    this.#accounts.delete(id);
  }

  account(id: string): EmulatedAccount {
    const account = this.#accounts.get(id);
    if (account === undefined) throw new RangeError(`no account ${id}`);
    return account;
  }

  /** Makes every answer anew: an account is not as it was. */
  forgetAnswers(): void {
    this.#kept?.clear();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = request;
    const target = isBelowBase(url) ? url.slice(BASE_PATH.length) : url;
    this.requests.push(`${method} ${target}`);
    this.emit('request', method, target);
    if (this.#kept?.send(target, response) === true) return;
    const fault = this.faults.next(target);
    const answer = await this.#answer(request);
    if (this.#options.latencyMs) await wait(this.#options.latencyMs);
    if (fault === undefined && answer.status === 200) this.#kept?.keep(target, answer);
    if (fault === undefined) send(response, answer);
    else commit(fault, response, answer);
  }

  async #answer(request: IncomingMessage): Promise<EmulatedAnswer> {
    const admission = this.rateLimiter?.admit(Date.now());
    if (admission !== undefined && 'refusal' in admission) return admission.refusal;
    const answer = refuse(request.headers, this.#credentials) ?? (await this.#route(request));
    return { ...answer, headers: { ...answer.headers, ...admission?.headers } };
  }

  async #route(request: IncomingMessage): Promise<EmulatedAnswer> {
    const { method = 'GET', url = '/' } = request;
    if (!isBelowBase(url)) return NO_ROUTE;
    const [path = '', ...query] = url.slice(BASE_PATH.length).split('?');
    try {
      return await route(
        {
          method,
          path,
          query: new URLSearchParams(query.join('?')),
          body: () => readBody(request),
        },
        this.#context,
      );
    } catch {
      return failure(400, 5400, 'Bad request');
    }
  }
}

function isBelowBase(url: string): boolean {
  return url.startsWith(`${BASE_PATH}/`);
}

function commit(fault: FaultName, response: ServerResponse, right: EmulatedAnswer): void {
  if (fault in SABOTAGES) SABOTAGES[fault as keyof typeof SABOTAGES](response, right);
  else send(response, WRONG_ANSWERS[fault as keyof typeof WRONG_ANSWERS](right));
}

function send(response: ServerResponse, answer: EmulatedAnswer): void {
  response.writeHead(answer.status, headersOf(answer));
  response.end(answer.body);
}

/** A multipart form or JSON, as the members of an object. */
async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_BODY) throw new RangeError('the body is too large');
    chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  const type = request.headers['content-type'] ?? '';
  if (type.startsWith('multipart/form-data')) {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- a test server, and the size is bounded
    const form = await new Response(bytes, { headers: { 'content-type': type } }).formData();
    return Object.fromEntries(form.entries());
  }
  const value = parseJson(bytes.toString('utf8'));
  if (!isObject(value)) throw new TypeError('the body is not an object');
  return value;
}
