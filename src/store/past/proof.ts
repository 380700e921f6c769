import { ContentSum } from '../../inventory/content.ts';
import type { Known } from '../../inventory/undo.ts';
import type { PublishedRun } from './published-run.ts';
import { damaged, type Rewound } from './rewind.ts';

/** Takes every image that was walked back, and then says whether the runs are what they once summed up to. */
export interface Proof {
  add(rewound: Rewound): void;
  /** @throws Failure `DATABASE_DAMAGED` if a run was something else. */
  finish(): void;
}

/**
 * Proves runs of the past: the sum of what the latest run published, less the touched images as they are now, and with
 * them as they were, must be what an earlier run wrote down. What an older program published has no sum, and is believed.
 */
export function createProof(latest: PublishedRun, runs: readonly PublishedRun[]): Proof {
  const { contentHash } = latest;
  if (contentHash === null) return { add: () => undefined, finish: () => undefined };
  const sums = runs.map(() => new ContentSum(contentHash));
  return {
    add: ({ now, then }) => {
      for (const [index, sum] of sums.entries()) move(sum, now.known, then[index]);
    },
    finish: () => {
      for (const [index, run] of runs.entries()) {
        if (run.contentHash === null || run.contentHash === sums[index]?.hex()) continue;
        throw damaged(`what run ${run.runId} published cannot be rebuilt from the changes since`);
      }
    },
  };
}

function move(sum: ContentSum, from: Known, to: Known | undefined): void {
  if (from === to) return;
  if (from.is === 'present') sum.remove(from.image);
  if (to?.is === 'present') sum.add(to.image);
}
