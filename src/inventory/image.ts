/**
 * One image as the account's list shows it, in the form in which it is stored.
 *
 * A field that the API left out is `null`. One that it sent as JSON `null` is named in `nullFields`, so
 * that it comes back as it was; a JSON column then holds the text `null`, any other `null` as well.
 * JSON values stay text, because a JavaScript number cannot hold every number that JSON can.
 */
export interface Image {
  /** Up to 1024 characters of UTF-8; custom ids may contain `/`. Unique within the account. */
  readonly id: string;
  readonly filename: string | null;
  readonly creator: string | null;
  /** JSON text, usually of an object. */
  readonly meta: string | null;
  readonly requireSignedUrls: boolean | null;
  /** The upload's time, as the API wrote it (RFC 3339, UTC). */
  readonly uploaded: string | null;
  /** JSON text, an array of delivery URLs; the last path segment is the variant's name. */
  readonly variants: string | null;
  /** JSON text of an object: every field that this program does not know, or whose value is not of the known type. */
  readonly extra: string | null;
  /** JSON text of a sorted array: the columns whose field the API sent as JSON `null`. */
  readonly nullFields: string | null;
}

/** How a field's text is read: plain text, a boolean, a JSON value, or a JSON list whose order means nothing. */
export type FieldKind = 'text' | 'boolean' | 'json' | 'json-set';

/** One stored field: where it stands in {@link Image}, in the database and in the API's answer. */
export interface Field {
  readonly key: Exclude<keyof Image, 'id'>;
  readonly column: string;
  /** The API's name; absent for the two fields that are this program's own. */
  readonly apiName?: string;
  readonly kind: FieldKind;
}

/** Every field of an image but its id, in the order of the database's columns. */
export const FIELDS: readonly Field[] = [
  { key: 'filename', column: 'filename', apiName: 'filename', kind: 'text' },
  { key: 'creator', column: 'creator', apiName: 'creator', kind: 'text' },
  { key: 'meta', column: 'meta', apiName: 'meta', kind: 'json' },
  {
    key: 'requireSignedUrls',
    column: 'require_signed_urls',
    apiName: 'requireSignedURLs',
    kind: 'boolean',
  },
  { key: 'uploaded', column: 'uploaded', apiName: 'uploaded', kind: 'text' },
  { key: 'variants', column: 'variants', apiName: 'variants', kind: 'json-set' },
  { key: 'extra', column: 'extra', kind: 'json' },
  { key: 'nullFields', column: 'null_fields', kind: 'json-set' },
];
