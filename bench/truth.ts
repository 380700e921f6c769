import { createGenerator } from '../src/emulator/generate.ts';

/** What a server of the benchmark holds. */
export interface Truth {
  readonly images: number;
  readonly seed: number;
  /** Every so many-th image has another meta than at the beginning; `undefined` if none has. */
  readonly changedEvery?: number;
}

/** The meta that a changed image has. */
export function changedMeta(ordinal: number): Readonly<Record<string, unknown>> {
  return { changed: ordinal };
}

/** How many images are changed. */
export function changedCount({ images, changedEvery }: Truth): number {
  return changedEvery === undefined ? 0 : Math.ceil(images / changedEvery);
}

/** The images of an account one by one, so that a million of them cost no memory. */
export interface TrueImages {
  /** The place of an image in the account; `undefined` if there is no such image. */
  ordinal(id: string): number | undefined;
  isChanged(ordinal: number): boolean;
  /** The image as the server sends it: JSON text. */
  json(ordinal: number): string;
}

export function trueImages({ images, seed, changedEvery }: Truth): TrueImages {
  const generator = createGenerator(seed);
  return {
    ordinal: (id) => {
      const ordinal = generator.ordinal(id);
      return ordinal === undefined || ordinal >= images ? undefined : ordinal;
    },
    isChanged: (ordinal) => changedEvery !== undefined && ordinal % changedEvery === 0,
    json: (ordinal) => generator.json(ordinal),
  };
}
