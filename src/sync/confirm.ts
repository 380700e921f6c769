import type { Emit } from './events.ts';
import { exceedsLimits, held, type RemovalLimits } from './guard.ts';
import type { Limits, Source, Stage } from './ports.ts';

/**
 * Asks for every image that is stored but was not listed, by its id. A list that moved while it was
 * read can skip an image, so not having been listed proves nothing: only the answer that there is no
 * such image does. One that is found alive is compared like any other.
 *
 * Stops asking as soon as the removals exceed what one run may do unasked.
 *
 * @returns How many images are proved to be gone.
 * @throws Failure `HELD` when there are too many.
 */
export async function confirmSuspects(
  source: Source,
  stage: Stage,
  removal: RemovalLimits,
  limits: Limits,
  emit: Emit,
): Promise<number> {
  let asked = 0;
  let gone = 0;
  for (const batch of stage.suspects()) {
    const answers = batch.map(async (id) => ({ id, image: await source.find(id, limits) }));
    for (const { id, image } of await settleAll(answers)) {
      asked += 1;
      if (image === undefined) {
        gone += 1;
        stage.condemn(id);
      } else {
        stage.acquit(image);
      }
    }
    emit({ type: 'sync.confirming', asked, gone });
    if (exceedsLimits(gone, stage.stored, removal)) throw held(gone, stage.stored, true);
  }
  return gone;
}

/** As `Promise.all`, but a rejection waits for the others, so that nothing goes on behind the run's back. */
async function settleAll<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}
