import { parseJson } from '../inventory/json-text.ts';
import { printable } from '../inventory/printable.ts';
import type { Comparison } from '../store/comparison.ts';
import type { PublishedRun } from '../store/past/published-run.ts';

const NO_CHANGE = { added: 0, changed: 0, removed: 0, restored: 0 };

/** The document of `diff --json`, in pieces: a change is a line. */
export function* comparisonsToJson(comparisons: readonly Comparison[]): Generator<string> {
  yield '{"accounts":[';
  let separator = '\n';
  for (const comparison of comparisons) {
    yield separator;
    yield* comparisonToJson(comparison);
    separator = ',\n';
  }
  yield ']}\n';
}

function* comparisonToJson(comparison: Comparison): Generator<string> {
  const { accountId, from, to } = comparison;
  const difference = from === undefined ? undefined : comparison.difference;
  const head = {
    account_id: accountId,
    from: runToJson(from),
    to: runToJson(to),
    counts: difference?.counts ?? NO_CHANGE,
  };
  yield `${toJson(head).slice(0, -1)},"changes":[`;
  let separator = '\n';
  for (const { imageId, kind, diff } of difference?.changes() ?? []) {
    yield separator + toJson({ image_id: imageId, kind, diff: parseJson(diff) });
    separator = ',\n';
  }
  yield ']}';
}

function runToJson(run: PublishedRun | undefined): object | null {
  return run === undefined ? null : { run_id: run.runId, finished_at: run.finishedAt };
}

/** What a terminal would obey is escaped, as JSON itself allows. */
function toJson(value: object): string {
  return printable(JSON.stringify(value));
}
