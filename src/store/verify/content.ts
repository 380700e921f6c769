import { ContentSum } from '../../inventory/content.ts';
import type { Check } from './check.ts';
import type { Tallies } from './replay.ts';
import type { ProvedRuns } from './runs.ts';

const NO_DIFFERENCE = new ContentSum().hex();

/**
 * Checks the sum of an account's images against what the last run published, then takes back one run's changes
 * after the other and checks what every earlier run published. Damage shifts the sums of all runs
 * before it alike, so a run is told only where the difference is another than that of the run after it.
 *
 * @param content - Of the images as they are.
 */
export function checkContent(
  accountId: string,
  { published, summed, firstSummed }: ProvedRuns,
  tallies: Tallies,
  content: ContentSum,
  check: Check,
): void {
  const sum = new ContentSum(content.hex());
  let told = NO_DIFFERENCE;
  for (const { runId, contentHash } of published) {
    if (contentHash !== null) {
      const difference = differenceOf(contentHash, sum);
      if (difference !== NO_DIFFERENCE && difference !== told) {
        const what =
          runId === published[0]?.runId
            ? 'the images do'
            : 'what undoing later changes makes of the images does';
        check.find(`${what} not sum up to its content_hash`, { accountId, runId });
      }
      told = difference;
    } else if (runId > (firstSummed ?? Infinity)) {
      check.find('has no content_hash, yet an earlier run has one', { accountId, runId });
    }
    const undone = tallies.get(runId)?.undone;
    if (undone !== undefined) sum.merge(undone);
  }
  const older = published.length - summed.size;
  check.count(summed.size, 'run');
  if (older > 0) check.count(older, 'older run', ' left out: their program kept no sum');
}

function differenceOf(contentHash: string, sum: ContentSum): string {
  if (!/^[0-9a-f]{64}$/.test(contentHash)) return 'no hash';
  const difference = new ContentSum(contentHash);
  difference.subtract(sum);
  return difference.hex();
}
