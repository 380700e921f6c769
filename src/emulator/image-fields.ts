import { isObject, parseJson } from '../inventory/json-text.ts';

/** What an upload may say of an image. */
export interface NewImage {
  readonly id?: string;
  readonly filename?: string;
  readonly creator?: string | null;
  readonly meta?: unknown;
  readonly requireSignedURLs?: boolean;
}

/** What a PATCH may change. */
export type ImagePatch = Pick<NewImage, 'creator' | 'meta' | 'requireSignedURLs'>;

/** The fields of `POST images/v1`: a file or a URL, and what goes with it. */
export function newImage(body: Record<string, unknown>): NewImage {
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
export function imagePatch(body: Record<string, unknown>): ImagePatch {
  const { creator, metadata, requireSignedURLs } = body;
  return {
    ...(typeof creator === 'string' && { creator }),
    ...(isObject(metadata) && { meta: metadata }),
    ...(requireSignedURLs !== undefined && {
      requireSignedURLs: requireSignedURLs === true || requireSignedURLs === 'true',
    }),
  };
}
