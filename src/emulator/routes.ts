import { isObject, parseJson } from '../inventory/json-text.ts';
import type { EmulatedAccount, ImagePatch, NewImage } from './account.ts';
import { VARIANT_NAMES } from './delivery.ts';
import { failure, success, type EmulatedAnswer } from './envelope.ts';

/** A request as the routes see it. */
export interface RouteRequest {
  readonly method: string;
  /** Below the base path, still percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The body's form fields or JSON members. */
  readonly body: () => Promise<Record<string, unknown>>;
}

/** How the emulated server behaves where Cloudflare's documents leave it open, or where servers err. */
export interface Quirks {
  /** A page never holds more, whatever was asked for. */
  readonly maxPageSize: number;
  /** Every page is page 1. */
  readonly ignorePage: boolean;
  /** Whether `stats` counts drafts. */
  readonly statsCountDrafts: boolean;
}

/** What the routes know of the world. */
export interface RouteContext {
  readonly accounts: ReadonlyMap<string, EmulatedAccount>;
  readonly quirks: Quirks;
}

export const NO_ROUTE = failure(
  404,
  7003,
  'Could not route to the requested path, perhaps your object identifier is invalid?',
);
const NO_IMAGE = failure(404, 5404, 'Image not found');
const VERIFIED = success('{"id":"f1e2d3c4b5a697887766554433221100","status":"active"}', [
  { code: 10000, message: 'This API Token is valid and active' },
]);

/** Answers one request with right credentials. */
export async function route(request: RouteRequest, context: RouteContext): Promise<EmulatedAnswer> {
  const { path, method } = request;
  if (path === '/user/tokens/verify') return method === 'GET' ? VERIFIED : NO_ROUTE;
  const [, accountId = '', resource = ''] = /^\/accounts\/([^/]+)\/(.*)$/.exec(path) ?? [];
  const account = context.accounts.get(decodeURIComponent(accountId));
  if (account === undefined) return NO_ROUTE;
  if (resource === 'tokens/verify') return method === 'GET' ? VERIFIED : NO_ROUTE;
  // An id is one segment: its slashes must be percent-encoded.
  const [isImages, rest = ''] = /^images\/v1(?:\/([^/]*))?$/.exec(resource) ?? [];
  if (isImages === undefined) return NO_ROUTE;
  if (!account.isEnabled) {
    return failure(403, 5403, 'The account does not have access to Cloudflare Images');
  }
  if (rest === '') return collection(request, account, context.quirks);
  if (method === 'GET' && rest === 'stats') return stats(account, context.quirks);
  if (method === 'GET' && rest === 'variants') return success(VARIANTS);
  return item(request, account, decodeURIComponent(rest));
}

async function collection(
  request: RouteRequest,
  account: EmulatedAccount,
  quirks: Quirks,
): Promise<EmulatedAnswer> {
  if (request.method === 'GET') return list(request.query, account, quirks);
  if (request.method !== 'POST') return failure(405, 7001, 'Method not allowed for this endpoint');
  const image = account.upload(newImage(await request.body()));
  return image === undefined
    ? failure(409, 5409, 'Resource already exists')
    : success(JSON.stringify(image));
}

function list(query: URLSearchParams, account: EmulatedAccount, quirks: Quirks): EmulatedAnswer {
  const page = Number(query.get('page') ?? 1);
  const perPage = Number(query.get('per_page') ?? 1000);
  if (!Number.isInteger(page) || page < 1) return failure(400, 5400, 'Invalid page');
  if (!Number.isInteger(perPage) || perPage < 10 || perPage > 10_000) {
    return failure(400, 5400, 'Invalid per_page: must be between 10 and 10000');
  }
  const size = Math.min(perPage, quirks.maxPageSize);
  const offset = quirks.ignorePage ? 0 : (page - 1) * size;
  const images = account.list(offset, size, query.get('creator') ?? undefined);
  return success(`{"images":[${images.join(',')}]}`);
}

function stats(account: EmulatedAccount, quirks: Quirks): EmulatedAnswer {
  const current = account.size + (quirks.statsCountDrafts ? account.draftCount : 0);
  return success(JSON.stringify({ count: { current, allowed: 10_000_000 } }));
}

const VARIANTS = JSON.stringify({
  variants: Object.fromEntries(
    VARIANT_NAMES.map((id) => [
      id,
      { id, options: { fit: 'scale-down', metadata: 'none' }, neverRequireSignedURLs: false },
    ]),
  ),
});

async function item(
  request: RouteRequest,
  account: EmulatedAccount,
  id: string,
): Promise<EmulatedAnswer> {
  switch (request.method) {
    case 'GET': {
      const image = account.find(id);
      return image === undefined ? NO_IMAGE : success(image);
    }
    case 'PATCH': {
      const image = account.patch(id, imagePatch(await request.body()));
      return image === undefined ? NO_IMAGE : success(JSON.stringify(image));
    }
    case 'DELETE':
      return account.delete(id) ? success('{}') : NO_IMAGE;
    default:
      return failure(405, 7001, 'Method not allowed for this endpoint');
  }
}

/** The fields of `POST images/v1`: a file or a URL, and what goes with it. */
function newImage(body: Record<string, unknown>): NewImage {
  const { id, metadata, file } = body;
  const name = file instanceof File ? file.name : nameOf(body['url']);
  return {
    ...imagePatch({
      ...body,
      metadata: typeof metadata === 'string' ? parseJson(metadata) : metadata,
    }),
    ...(typeof id === 'string' && { id }),
    ...(name !== undefined && { filename: name }),
  };
}

function nameOf(url: unknown): string | undefined {
  return typeof url === 'string' ? url.split('/').at(-1) : undefined;
}

/** The fields of `PATCH images/v1/{id}`; `metadata` is what answers call `meta`. */
function imagePatch(body: Record<string, unknown>): ImagePatch {
  const { creator, metadata, requireSignedURLs } = body;
  return {
    ...(typeof creator === 'string' && { creator }),
    ...(isObject(metadata) && { meta: metadata }),
    ...(requireSignedURLs !== undefined && {
      requireSignedURLs: requireSignedURLs === true || requireSignedURLs === 'true',
    }),
  };
}
