import type { ListOrder } from './choices.ts';

/** How the emulated server behaves where Cloudflare's documents leave it open, or where servers err. */
export interface Quirks {
  /** A page never holds more, whatever was asked for. */
  readonly maxPageSize: number;
  /** Every page of the v1 list is page 1. */
  readonly ignorePage: boolean;
  /** The order of the v1 list. */
  readonly listOrder: ListOrder;
  /** The v1 list is no longer served; everything beside it is. */
  readonly v1Gone: boolean;
  /** A walk of the v2 list ends after so many images, as if there were no more. */
  readonly v2MaxImages: number;
  /** Every page of the v2 list leads to its second page. */
  readonly v2RepeatToken: boolean;
  /** Between two pages of the v2 list that hold images there is one without. */
  readonly v2EmptyPages: boolean;
  /** The last page of the v2 list has no token, rather than one that is null. */
  readonly v2OmitEndToken: boolean;
  /** Whether `stats` counts drafts. */
  readonly statsCountDrafts: boolean;
  /** Added to what `stats` counts. */
  readonly statsShift: number;
}

/** A server that does what the documents say, and what most of them expect. */
export const NO_QUIRKS: Quirks = {
  maxPageSize: Infinity,
  ignorePage: false,
  listOrder: 'newest',
  v1Gone: false,
  v2MaxImages: Infinity,
  v2RepeatToken: false,
  v2EmptyPages: false,
  v2OmitEndToken: false,
  statsCountDrafts: false,
  statsShift: 0,
};
