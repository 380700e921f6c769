import type { EmulatedAccount } from './account.ts';
import { VARIANT_NAMES } from './delivery.ts';
import { failure, success, type EmulatedAnswer } from './envelope.ts';
import { imagePatch, newImage } from './image-fields.ts';
import type { Quirks } from './quirks.ts';
import { listV1, listV2 } from './routes-list.ts';

/** A request as the routes see it. */
export interface RouteRequest {
  readonly method: string;
  /** Below the base path, still percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The body's form fields or JSON members. */
  readonly body: () => Promise<Record<string, unknown>>;
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
const WRONG_METHOD = failure(405, 7001, 'Method not allowed for this endpoint');
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
  if (resource === 'images/v2') {
    return method === 'GET' ? listV2(request.query, account, context.quirks) : WRONG_METHOD;
  }
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
  if (request.method === 'GET') return listV1(request.query, account, quirks);
  if (request.method !== 'POST') return WRONG_METHOD;
  const image = account.upload(newImage(await request.body()));
  return image === undefined
    ? failure(409, 5409, 'Resource already exists')
    : success(JSON.stringify(image));
}

function stats(account: EmulatedAccount, quirks: Quirks): EmulatedAnswer {
  const drafts = quirks.statsCountDrafts ? account.draftCount : 0;
  const current = Math.max(0, account.size + drafts + quirks.statsShift);
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
      return WRONG_METHOD;
  }
}
