import { Failure } from '../inventory/failure.ts';

/** How many removals one run may make without being asked. It is held when both bounds are exceeded. */
export interface RemovalLimits {
  /** Of the stored images within the run's scope, 0 to 1. */
  readonly maxFraction: number;
  readonly maxCount: number;
  /** So many images that were not listed are asked for one by one; of more, a random sample of this size. */
  readonly confirmRequests: number;
  /** `--allow-mass-removal`: nothing is held. */
  readonly allowMassRemoval: boolean;
}

/** Whether so many removals are more than a run may make unasked. */
export function exceedsLimits(removed: number, stored: number, limits: RemovalLimits): boolean {
  if (limits.allowMassRemoval) return false;
  return removed > limits.maxCount && removed > limits.maxFraction * stored;
}

/** What speaks against an account that lists nothing: what is stored of it, and what it says that it holds. */
export interface Holdings {
  readonly stored: number;
  readonly expected: number | undefined;
  /** Whether nothing was ever published of it. Later the statistics alone hold nothing: there is nothing to lose. */
  readonly isBaseline: boolean;
}

/** Whether an account lists nothing although it is not empty, which is held whatever the bounds. */
export function isStrangelyEmpty(
  listed: number,
  holdings: Holdings,
  limits: RemovalLimits,
): boolean {
  const { stored, expected = 0, isBaseline } = holdings;
  if (limits.allowMassRemoval || listed > 0) return false;
  return stored > 0 || (isBaseline && expected > 0);
}

/** The failure that holds a run. The counting stopped as soon as the bounds were exceeded. */
export function held(removed: number, stored: number, limits: RemovalLimits): Failure {
  const { maxCount, maxFraction } = limits;
  const bounds = `more than ${maxCount} and more than ${Number((maxFraction * 100).toFixed(4))}% of them`;
  return new Failure('HELD', `at least ${removed} of ${stored} images are gone: ${bounds}`, {
    hint: 'Nothing was changed. "sync --dry-run --allow-mass-removal" shows them all; if they were deleted on purpose, run once with --allow-mass-removal.',
  });
}

/** The failure that holds a run of an account that lists nothing. */
export function heldEmpty({ stored, expected = 0 }: Holdings): Failure {
  const but =
    stored > 0
      ? `${stored} stored ${stored === 1 ? 'image says' : 'images say'} otherwise`
      : `its statistics say ${expected}`;
  return new Failure('HELD', `the account lists no images, but ${but}`, {
    hint: 'Nothing was changed. If it is meant to list none, run once with --allow-mass-removal.',
  });
}
