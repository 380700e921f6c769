import { Failure } from '../inventory/failure.ts';
import type { Image } from '../inventory/image.ts';
import { formatNumber } from '../inventory/quantity.ts';
import type { Emit } from './events.ts';
import { exceedsLimits, held, type RemovalLimits } from './guard.ts';
import type { Limits, Source, Stage } from './ports.ts';
import { sample } from './sample.ts';

export interface Confirmation {
  readonly source: Source;
  readonly stage: Stage;
  readonly limits: Limits;
  readonly emit: Emit;
  readonly removal: RemovalLimits;
  /** The scope of the list, `undefined` for all images. */
  readonly creators: readonly string[] | undefined;
  readonly random: () => number;
  /** Reads the list a second time, unless that has been done already. */
  readonly readAgain: () => Promise<void>;
}

/** So many are asked for at a time; after each lot the guard is heard. */
const BATCH = 100;

/**
 * Gives a verdict on every image that is stored but was not listed. A list that moved while it was
 * read can skip an image, so not having been listed proves nothing: only the answer that there is no
 * such image does. One that is found alive is compared like any other.
 *
 * A few are asked for one by one. Of more than that, those which a second reading of the list does not show
 * either are believed to be gone if not one of a random sample is alive.
 *
 * @throws Failure `HELD` when more are gone than may be, `LIST_INCONSISTENT` when one of a sample is alive.
 */
export async function confirmSuspects(confirmation: Confirmation): Promise<void> {
  const { stage, removal, random, readAgain } = confirmation;
  const most = removal.confirmRequests;
  if (sample(stage.suspects(), most, random).total > most) await readAgain();
  const { drawn, total } = sample(stage.suspects(), most, random);
  if (total <= most) await confirmEach(confirmation, [drawn]);
  else await confirmBySample(confirmation, drawn, total);
}

/** Asks for each. Stops as soon as the removals exceed what one run may do unasked. */
async function confirmEach(
  { source, stage, limits, emit, removal }: Confirmation,
  batches: Iterable<readonly string[]>,
): Promise<void> {
  let asked = 0;
  let gone = 0;
  for (const ids of inLots(batches)) {
    for (const { id, image } of await askForEach(source, ids, limits)) {
      asked += 1;
      if (image === undefined) {
        gone += 1;
        stage.condemn(id);
      } else {
        stage.acquit(image);
      }
    }
    emit({ type: 'sync.confirming', asked, gone, suspects: undefined });
    if (exceedsLimits(gone, stage.stored, removal)) throw held(gone, stage.stored, removal);
  }
}

async function confirmBySample(
  confirmation: Confirmation,
  drawn: readonly string[],
  suspects: number,
): Promise<void> {
  const { source, stage, limits, emit, removal, creators } = confirmation;
  let asked = 0;
  for (const ids of inLots([drawn])) {
    const answers = await askForEach(source, ids, limits);
    const alive = answers.flatMap(({ image }) => image ?? []);
    asked += answers.length;
    emit({ type: 'sync.confirming', asked, gone: asked - alive.length, suspects });
    if (alive.some((image) => isInScope(image, creators))) throw stillAlive(suspects);
    if (alive.length === 0) continue;
    // They left the filter, and nobody knows how many others did.
    await confirmEach(confirmation, stage.suspects());
    return;
  }
  if (exceedsLimits(suspects, stage.stored, removal)) throw held(suspects, stage.stored, removal);
  stage.condemnRest();
}

function isInScope({ creator }: Image, creators: readonly string[] | undefined): boolean {
  return creators === undefined || creators.includes(creator ?? '');
}

function stillAlive(suspects: number): Failure {
  const message = `the list twice did not show ${formatNumber(suspects)} stored images, and one of them, asked for by its id, is there`;
  return new Failure('LIST_INCONSISTENT', message, {
    hint: 'The list is not to be trusted just now. Run it again later.',
  });
}

function* inLots(batches: Iterable<readonly string[]>): Generator<readonly string[]> {
  for (const batch of batches) {
    for (let start = 0; start < batch.length; start += BATCH)
      yield batch.slice(start, start + BATCH);
  }
}

interface Answer {
  readonly id: string;
  readonly image: Image | undefined;
}

/** Asks for several images side by side. The first failure calls back what is still waiting. */
async function askForEach(
  source: Source,
  ids: readonly string[],
  limits: Limits,
): Promise<readonly Answer[]> {
  const stop = new AbortController();
  const own = { ...limits, signal: AbortSignal.any([limits.signal, stop.signal]) };
  const answers = ids.map(async (id) => ({ id, image: await source.find(id, own) }));
  try {
    return await Promise.all(answers);
  } finally {
    stop.abort();
    await Promise.allSettled(answers);
  }
}
