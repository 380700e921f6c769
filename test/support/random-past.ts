import { decodeImage } from '../../src/cloudflare/decode.ts';
import { createGenerator } from '../../src/emulator/generate.ts';
import type { Image } from '../../src/inventory/image.ts';
import { parseJson } from '../../src/inventory/json-text.ts';
import type { Counts } from '../../src/inventory/change.ts';
import { DAY_MS, FIRST_DAY } from './days.ts';
import { END, FAILED, type OpenedStore } from './opened-store.ts';
import { pageOf } from './page.ts';
import { seededRandom, type Random } from './random.ts';

/** A complete run of an account, and what the account was. */
export interface PastRun {
  readonly runId: number;
  readonly accountId: string;
  /** Milliseconds since 1970. */
  readonly finishedAt: number;
  readonly images: ReadonlyMap<string, Image>;
  readonly counts: Counts;
}

/** One account as its owner knows it. */
interface Living {
  readonly accountId: string;
  readonly images: Map<string, Image>;
  readonly gone: Set<string>;
}

/**
 * Writes a random past through the real store: every day each account changes, hostile names and all, and is read: by full
 * runs, quick ones, dry ones and runs that fail.
 *
 * @param afterRun - Called after each complete run, while the store is as it left it.
 * @returns The complete runs of all accounts, the earliest first.
 */
export function writeRandomPast(
  store: OpenedStore,
  options: { readonly seed: number; readonly days: number; readonly accounts?: readonly string[] },
  afterRun: (run: PastRun) => void = () => undefined,
): readonly PastRun[] {
  const random = seededRandom(options.seed);
  const imageOf = imageMaker(options.seed);
  const living = (options.accounts ?? ['acc']).map((accountId): Living => {
    const first = Array.from({ length: 30 }, (_, index) => imageOf(index));
    return { accountId, images: new Map(first.map((image) => [image.id, image])), gone: new Set() };
  });
  const runs: PastRun[] = [];
  for (let day = 0; day < options.days; day += 1) {
    for (const account of living) {
      const at = FIRST_DAY + (day + 0.5) * DAY_MS;
      for (let moves = random.below(8); moves > 0; moves -= 1) live(account, random, imageOf);
      const isFirst = day === 0;
      if (random.below(5) === 0) fail(store, account, at);
      if (random.below(5) === 0) rehearse(store, account, at);
      if (!isFirst && random.below(5) === 0) continue;
      const run = readAll(store, account, at);
      runs.push(run);
      afterRun(run);
    }
  }
  return runs;
}

/** Makes images of ordinals, and others under the id of one that there is. */
type ImageMaker = (ordinal: number, id?: string) => Image;

function imageMaker(seed: number): ImageMaker {
  const generator = createGenerator(seed);
  return (ordinal, id) => {
    const image = parseJson(generator.json(ordinal)) as Record<string, unknown>;
    return decodeImage(id === undefined ? image : { ...image, id });
  };
}

/** Something happens to an account. */
function live({ images, gone }: Living, random: Random, imageOf: ImageMaker): void {
  const ordinal = random.below(1_000_000);
  const ids = [...images.keys()];
  const id = ids.length === 0 ? undefined : random.pick(ids);
  switch (random.below(4)) {
    case 0: {
      const image = imageOf(ordinal);
      images.set(image.id, image);
      return;
    }
    case 1:
      if (id !== undefined) images.set(id, imageOf(ordinal, id));
      return;
    case 2:
      if (id === undefined) return;
      images.delete(id);
      gone.add(id);
      return;
    default: {
      const back = [...gone].find((candidate) => !images.has(candidate));
      if (back !== undefined) images.set(back, imageOf(ordinal, back));
    }
  }
}

function readAll({ begin }: OpenedStore, { accountId, images }: Living, at: number): PastRun {
  const stage = begin({ accountId, startedAt: at, mayResume: false });
  stage.add(pageOf([...images.values()]));
  for (const ids of [...stage.suspects()]) for (const id of ids) stage.condemn(id);
  const counts = stage.publish({ ...END, finishedAt: at });
  return { runId: stage.runId, accountId, finishedAt: at, images: new Map(images), counts };
}

function fail({ begin }: OpenedStore, { accountId, images }: Living, at: number): void {
  const stage = begin({ accountId, startedAt: at, mayResume: false });
  stage.add(pageOf([...images.values()]));
  stage.abandon({ ...END, finishedAt: at }, FAILED);
}

function rehearse({ begin }: OpenedStore, { accountId, images }: Living, at: number): void {
  const stage = begin({ accountId, startedAt: at, mayResume: false, mode: 'dry-run' });
  stage.add(pageOf([...images.values()]));
  stage.rehearse({ ...END, finishedAt: at }, () => undefined);
}
