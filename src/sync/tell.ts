import type { Change } from '../inventory/change.ts';
import type { Emit } from './events.ts';
import type { RunMode } from './ports/stage.ts';

/** Tells of a run's changes one by one, up to a number; the rest is counted. */
export interface Teller {
  readonly tell: (change: Change) => void;
  /** Says how many changes were not told. */
  readonly finish: () => void;
}

/** @param most - Changes told one by one. */
export function createTeller(emit: Emit, mode: RunMode, most: number): Teller {
  let seen = 0;
  return {
    tell: (change) => {
      seen += 1;
      if (seen <= most) emit({ type: 'image.changed', change, mode });
    },
    finish: () => {
      if (seen > most) emit({ type: 'sync.unlogged', count: seen - most, mode });
    },
  };
}
