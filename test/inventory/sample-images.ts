import type { Image } from '../../src/inventory/image.ts';

/** An image of which the API sent nothing but the id. */
export const EMPTY: Image = {
  id: 'cat',
  filename: null,
  creator: null,
  meta: null,
  requireSignedUrls: null,
  uploaded: null,
  variants: null,
  extra: null,
  nullFields: null,
};

/** An image that has every field. */
export const FULL: Image = {
  id: 'cat',
  filename: 'cat.jpg',
  creator: 'ann',
  meta: '{"a":1,"b":2}',
  requireSignedUrls: false,
  uploaded: '2026-01-01T00:00:00.000Z',
  variants: '["https://x/public","https://x/thumb"]',
  extra: '{"draft":true}',
  nullFields: '["creator"]',
};
