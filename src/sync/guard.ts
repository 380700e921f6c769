import { Failure } from '../inventory/failure.ts';

/** How many removals one run may make without being asked. It is held when both bounds are exceeded. */
export interface RemovalLimits {
  /** Of the stored images within the run's scope, 0 to 1. */
  readonly maxFraction: number;
  readonly maxCount: number;
  /** `--allow-mass-removal`: nothing is held. */
  readonly allowMassRemoval: boolean;
}

/** Whether so many removals are more than a run may make unasked. */
export function exceedsLimits(removed: number, stored: number, limits: RemovalLimits): boolean {
  if (limits.allowMassRemoval) return false;
  return removed > limits.maxCount && removed > limits.maxFraction * stored;
}

/** Whether an account that held images now lists none at all, which is held whatever the bounds. */
export function isSuddenlyEmpty(listed: number, stored: number, limits: RemovalLimits): boolean {
  return !limits.allowMassRemoval && stored > 0 && listed === 0;
}

/** The failure that holds a run. `atLeast` when the counting stopped as soon as the bounds were exceeded. */
export function held(removed: number, stored: number, atLeast: boolean): Failure {
  const share = ((100 * removed) / stored).toFixed(1);
  const howMany = `${atLeast ? 'at least ' : ''}${removed} of ${stored} images (${share}%)`;
  return new Failure('HELD', `${howMany} are gone from the account; nothing was changed`, {
    hint: 'If they were deleted on purpose, run once with --allow-mass-removal.',
  });
}

/** The failure that holds a run of an account that lists nothing. */
export function heldEmpty(stored: number): Failure {
  return new Failure(
    'HELD',
    `the account lists no images, but ${stored} are stored; nothing was changed`,
    { hint: 'If all were deleted on purpose, run once with --allow-mass-removal.' },
  );
}
