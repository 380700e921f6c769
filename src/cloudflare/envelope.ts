import { Failure } from '../inventory/failure.ts';
import { isObject, parseJson } from '../inventory/json-text.ts';
import { printable } from '../inventory/printable.ts';
import type { Answer } from './transport.ts';

/** Cloudflare's own description of what went wrong. The code can be missing. */
export interface ApiError {
  readonly code: number | undefined;
  readonly message: string;
}

/** What an answer is, once it has been read with distrust. */
export type Verdict =
  /** HTTP 200, JSON, `success === true`. */
  | { readonly kind: 'result'; readonly result: unknown }
  /** HTTP 404 with code 5404: there is no such image. */
  | { readonly kind: 'absent' }
  /** Too many requests; the same request can succeed later. */
  | { readonly kind: 'throttled'; readonly failure: Failure }
  /** Something passing; the same request can succeed at once. */
  | { readonly kind: 'passing'; readonly failure: Failure }
  /** Asking again cannot help. */
  | { readonly kind: 'final'; readonly failure: Failure };

const RETRIED_STATUS = new Set([408, 425]);
const THROTTLE_CODES = new Set([971, 10100]);
const CREDENTIAL_CODES = new Set([6003, 6103, 6111, 9103, 9106, 9109, 10000]);
const ROUTE_CODES = new Set([7000, 7003]);
const IMAGE_ABSENT = 5404;
const IMAGES_DISABLED = 5403;
const BAD_FILTER = 5400;
const PERMISSION_OR_INTERNAL = 10001;

/**
 * Reads an answer. A result is believed only when the status is 200, the body is JSON and `success`
 * is exactly `true`; whatever else comes is sorted by whether asking again can help. The codes are
 * those of Cloudflare's API reference and of reports by its users.
 *
 * @param body - The answer's, parsed; `undefined` if it is no JSON.
 * @param redact - Takes the credentials out of what the server says.
 */
export function readEnvelope(
  { status }: Answer,
  body: unknown,
  redact: (text: string) => string,
): Verdict {
  if (status === 200 && isObject(body) && body['success'] === true) {
    return { kind: 'result', result: body['result'] };
  }
  const error = isObject(body) ? firstError(body['errors']) : undefined;
  const said = describe(status, error, body !== undefined, redact);

  if (status === 429 || isOneOf(THROTTLE_CODES, error)) {
    return { kind: 'throttled', failure: throttled(said) };
  }
  if (status >= 500 || RETRIED_STATUS.has(status)) return passing('API_ERROR', said);
  if (isAbsence(status, body, error)) return { kind: 'absent' };
  const refusal = refusalOf(status, error, said);
  if (refusal !== undefined) return { kind: 'final', failure: refusal };
  if (status >= 300 && status < 400) return { kind: 'final', failure: redirected(said) };
  if (status === 404 && body === undefined) return { kind: 'final', failure: nothingThere(said) };
  // What is left of 200 and of HTML pages is an edge or a proxy speaking out of turn.
  if (status === 200 || body === undefined) return passing('BAD_ANSWER', said);
  return { kind: 'final', failure: refusedForGood(said) };
}

/** The body as JSON; `undefined` if it is none. */
export function parseBody(body: Buffer): unknown {
  try {
    return parseJson(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}

function firstError(errors: unknown): ApiError | undefined {
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  if (!isObject(first)) return undefined;
  return {
    code: typeof first['code'] === 'number' ? first['code'] : undefined,
    message: typeof first['message'] === 'string' ? first['message'] : 'no message',
  };
}

/** It proves a removal, so it must come as documented: status, `success` and code. */
function isAbsence(status: number, body: unknown, error: ApiError | undefined): boolean {
  const isRefusal = isObject(body) && body['success'] === false;
  return status === 404 && isRefusal && error?.code === IMAGE_ABSENT;
}

function isOneOf(codes: ReadonlySet<number>, error: ApiError | undefined): boolean {
  return error?.code !== undefined && codes.has(error.code);
}

function describe(
  status: number,
  error: ApiError | undefined,
  isJson: boolean,
  redact: (text: string) => string,
): string {
  if (error !== undefined) {
    const code = error.code === undefined ? '' : `code ${error.code}, `;
    return `Cloudflare answered HTTP ${status} (${code}"${printable(redact(error.message)).slice(0, 200)}")`;
  }
  if (!isJson) return `Cloudflare answered HTTP ${status} with something that is not JSON`;
  return status === 200
    ? 'Cloudflare answered HTTP 200 without the success that a result carries'
    : `Cloudflare answered HTTP ${status}, not the 200 of a result`;
}

function passing(code: 'API_ERROR' | 'BAD_ANSWER', said: string): Verdict {
  const hint = 'This usually passes: run it again in a few minutes.';
  return { kind: 'passing', failure: new Failure(code, said, { hint }) };
}

function throttled(said: string): Failure {
  return new Failure('RATE_LIMITED', said, {
    hint: 'The limit is shared by everything this user runs. Lower IMAGE_INVENTORY_RATE_REQUESTS or raise IMAGE_INVENTORY_DEADLINE.',
  });
}

function redirected(said: string): Failure {
  return new Failure('API_ERROR', `${said}, a redirect, which is never followed`, {
    hint: 'Correct CLOUDFLARE_BASE_URL: credentials are sent to no other address.',
  });
}

function refusedForGood(said: string): Failure {
  return new Failure('API_ERROR', said, {
    hint: 'Asking again will not help: check CLOUDFLARE_BASE_URL and the account id.',
  });
}

function nothingThere(said: string): Failure {
  return new Failure('API_ERROR', said, {
    hint: 'Check CLOUDFLARE_BASE_URL: another server seems to answer there.',
  });
}

function refusalOf(status: number, error: ApiError | undefined, said: string): Failure | undefined {
  if (status === 410) {
    return new Failure('API_GONE', said, {
      hint: 'This version of the list is no longer served: set IMAGE_INVENTORY_API (api.version) to v2, or look for a newer image-inventory if it is v2 already.',
    });
  }
  if (error?.code === IMAGES_DISABLED) {
    return new Failure('ACCESS_REFUSED', said, {
      hint: 'Cloudflare Images is not enabled on this account: enable it in the dashboard under Images, or correct the account id (CLOUDFLARE_ACCOUNT_ID, or "accounts" in the configuration file).',
    });
  }
  if (error?.code === BAD_FILTER) {
    return new Failure('FILTER_REFUSED', said, { hint: 'Correct IMAGE_INVENTORY_CREATOR.' });
  }
  if (isOneOf(ROUTE_CODES, error)) {
    return new Failure('ROUTE_REFUSED', said, {
      hint: 'Check the account id (CLOUDFLARE_ACCOUNT_ID, or "accounts" in the configuration file): the 32 characters in the dashboard\'s address after "dash.cloudflare.com/".',
    });
  }
  const isPermission = error?.code === PERMISSION_OR_INTERNAL && status !== 200;
  if (isOneOf(CREDENTIAL_CODES, error) || isPermission || isJsonRefusal(status, error)) {
    return new Failure('ACCESS_REFUSED', said, {
      hint: 'Check the credentials: the token needs the permission "Cloudflare Images: Read" on this account.',
    });
  }
  return undefined;
}

function isJsonRefusal(status: number, error: ApiError | undefined): boolean {
  return (status === 401 || status === 403) && error !== undefined;
}
