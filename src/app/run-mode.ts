import type { RunMode, Store } from '../sync/ports/stage.ts';

/**
 * What a run is to be, of what was wished for. A quick run adds to what a full one has found: until one has read the list
 * of these creators (or of all, if `undefined`) to its end, a full run takes its place.
 */
export function modeOf(
  wanted: RunMode,
  store: Pick<Store, 'hasFullRun'>,
  accountId: string,
  creators: readonly string[] | undefined,
): RunMode {
  if (wanted !== 'quick' || store.hasFullRun(accountId, creators)) return wanted;
  return 'full';
}
