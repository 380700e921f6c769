import { Failure } from '../inventory/failure.ts';
import type { Image } from '../inventory/image.ts';
import { formatNumber } from '../inventory/quantity.ts';
import type { Emit } from './events.ts';
import { exceedsLimits, held, type RemovalLimits } from './guard.ts';
import type { Limits } from './ports/clock.ts';
import type { Source } from './ports/source.ts';
import type { Stage } from './ports/stage.ts';
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
}

export interface Confirming extends Confirmation {
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
 * either are believed to be gone if not one of a random sample is alive. With a creator filter no sample can vouch
 * for the others, since an image that left the filter is alive and rightly not listed: each is asked for.
 *
 * @throws Failure `HELD` when more are gone than may be, `LIST_INCONSISTENT` when one of a sample is alive.
 */
export async function confirmSuspects(confirming: Confirming): Promise<void> {
  const { source, stage, creators, removal, random, readAgain } = confirming;
  const most = removal.confirmRequests;
  const first = sample(stage.suspects(), most, random);
  const isUnaskable = (id: string): boolean => !source.canFind(id);
  if (first.total > most || first.drawn.some(isUnaskable)) await readAgain();
  if (creators !== undefined) {
    await confirmEach(confirming, stage.suspects());
    return;
  }
  const { drawn, total } = sample(stage.suspects(), most, random);
  if (total > most) await confirmBySample(confirming, drawn, total);
  else {
    await confirmEach(confirming, [drawn]);
    // Nobody can be asked for these, but two whole lists did not show them.
    for (const id of drawn.filter(isUnaskable)) stage.condemn(id);
  }
}

/**
 * Asks for each suspect, if they are few, whether it is gone.
 *
 * @returns Whether they all are: one that is alive should have been listed.
 */
export async function areAllGone(confirmation: Confirmation): Promise<boolean> {
  const { source, stage, removal, random } = confirmation;
  const most = removal.confirmRequests;
  const { drawn, total } = sample(stage.suspects(), most, random);
  if (total > most || !drawn.every((id) => source.canFind(id))) return false;
  return (await confirmEach(confirmation, [drawn])) === 0;
}

/**
 * Asks for each. Stops as soon as the removals exceed what one run may do unasked.
 *
 * @returns How many are alive and should have been listed.
 */
async function confirmEach(
  { source, stage, limits, emit, removal, creators }: Confirmation,
  batches: Iterable<readonly string[]>,
): Promise<number> {
  let asked = 0;
  let gone = 0;
  let missed = 0;
  for (const ids of inLots(batches)) {
    for (const { id, image } of await askForEach(source, ids, limits)) {
      asked += 1;
      if (image === undefined) {
        gone += 1;
        stage.condemn(id);
        continue;
      }
      if (isInScope(image, creators)) missed += 1;
      stage.acquit(image);
    }
    emit({ type: 'sync.confirming', asked, gone, suspects: undefined });
    if (exceedsLimits(gone, stage.stored, removal)) throw held(gone, stage.stored, removal);
  }
  return missed;
}

async function confirmBySample(
  { source, stage, limits, emit, removal }: Confirmation,
  drawn: readonly string[],
  suspects: number,
): Promise<void> {
  let asked = 0;
  for (const ids of inLots([drawn])) {
    const answers = await askForEach(source, ids, limits);
    const alive = answers.filter(({ image }) => image !== undefined).length;
    asked += answers.length;
    emit({ type: 'sync.confirming', asked, gone: asked - alive, suspects });
    if (alive > 0) throw stillAlive(suspects);
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
  const answers = ids
    .filter((id) => source.canFind(id))
    .map(async (id) => ({ id, image: await source.find(id, own) }));
  try {
    return await Promise.all(answers);
  } finally {
    stop.abort();
    await Promise.allSettled(answers);
  }
}
