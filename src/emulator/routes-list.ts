import type { EmulatedAccount, ListedSlice } from './account.ts';
import { fromToken, NO_PROGRESS, toToken, type Progress } from './continuation.ts';
import { failure, success, type EmulatedAnswer } from './envelope.ts';
import { WRONG_ANSWERS } from './faults.ts';
import type { UploadOrder } from './list-order.ts';
import type { Quirks } from './quirks.ts';

const INVALID_PER_PAGE = failure(400, 5400, 'Invalid per_page: must be between 10 and 10000');

/** The older list, by the number of the page. */
export function listV1(
  query: URLSearchParams,
  account: EmulatedAccount,
  quirks: Quirks,
): EmulatedAnswer {
  if (quirks.v1Gone) return WRONG_ANSWERS.gone();
  const page = Number(query.get('page') ?? 1);
  const perPage = perPageOf(query);
  if (!Number.isInteger(page) || page < 1) return failure(400, 5400, 'Invalid page');
  if (perPage === undefined) return INVALID_PER_PAGE;
  const size = Math.min(perPage, quirks.maxPageSize);
  const offset = quirks.ignorePage ? 0 : (page - 1) * size;
  const creator = query.get('creator') ?? undefined;
  const images = account.list(offset, size, creator, quirks.listOrder);
  return success(`{"images":[${images.join(',')}]}`);
}

const UPLOAD_ORDERS = new Map<string, UploadOrder>([
  ['desc', 'newest'],
  ['asc', 'oldest'],
]);

/** The newer list, by the token of the page before. Order and filter are those of each request, not of the token. */
export function listV2(
  query: URLSearchParams,
  account: EmulatedAccount,
  quirks: Quirks,
): EmulatedAnswer {
  // Unlike everything beside it, this list has been seen to succeed on such an account.
  if (!account.isEnabled) return success('{"images":[],"continuation_token":null}');
  // Filters on metadata are not emulated; to ignore one would be to answer another question.
  if (query.keys().some((name) => /^meta\b/.test(name))) {
    return failure(400, 5400, 'Filters on metadata are not supported');
  }
  const order = UPLOAD_ORDERS.get(query.get('sort_order') ?? 'desc');
  const perPage = perPageOf(query);
  const token = query.get('continuation_token');
  const progress = token === null ? NO_PROGRESS : fromToken(token);
  if (order === undefined) return failure(400, 5400, 'Invalid sort_order: must be asc or desc');
  if (perPage === undefined) return INVALID_PER_PAGE;
  if (progress === undefined) return failure(400, 5400, 'Invalid continuation_token');

  const left = quirks.v2MaxImages - progress.delivered;
  const size = progress.isPausing ? 0 : Math.min(perPage, quirks.maxPageSize, left);
  const creator = query.get('creator') ?? undefined;
  const slice = account.listBehind(progress.last, size, creator, order);
  const next = quirks.v2RepeatToken && token !== null ? token : nextToken(progress, slice, quirks);
  const isOmitted = next === null && quirks.v2OmitEndToken;
  const tokenMember = isOmitted ? '' : `,"continuation_token":${JSON.stringify(next)}`;
  return success(`{"images":[${slice.images.join(',')}]${tokenMember}}`);
}

/** What leads to the next page; `null` if nothing stands behind this one. */
function nextToken(progress: Progress, slice: ListedSlice, quirks: Quirks): string | null {
  const delivered = progress.delivered + slice.images.length;
  if (!slice.hasMore || delivered >= quirks.v2MaxImages) return null;
  const isPausing = quirks.v2EmptyPages && !progress.isPausing;
  return toToken({ last: slice.last, delivered, isPausing });
}

/** @returns `undefined` if it is out of bounds. */
function perPageOf(query: URLSearchParams): number | undefined {
  const perPage = Number(query.get('per_page') ?? 1000);
  return Number.isInteger(perPage) && perPage >= 10 && perPage <= 10_000 ? perPage : undefined;
}
