import type { Image } from '../inventory/image.ts';
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
 * @throws Failure `HELD` when there are too many.
 */
export async function confirmSuspects(
  source: Source,
  stage: Stage,
  removal: RemovalLimits,
  limits: Limits,
  emit: Emit,
): Promise<void> {
  let asked = 0;
  let gone = 0;
  for (const batch of stage.suspects()) {
    for (const { id, image } of await askForEach(source, batch, limits)) {
      asked += 1;
      if (image === undefined) {
        gone += 1;
        stage.condemn(id);
      } else {
        stage.acquit(image);
      }
    }
    emit({ type: 'sync.confirming', asked, gone });
    if (exceedsLimits(gone, stage.stored, removal)) throw held(gone, stage.stored, removal);
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
