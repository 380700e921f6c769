import type { Counts } from '../inventory/change.ts';
import type { Failure } from '../inventory/failure.ts';
import type { RunStatus } from '../sync/ports.ts';
import type { Failures, Notice, NoticedRun, NoticeEvent } from './notice.ts';

/** How a run ended. */
export type EndedRun = NoticedRun &
  (
    | { readonly status: 'complete'; readonly counts: Counts; readonly isBaseline: boolean }
    | {
        readonly status: Exclude<RunStatus, 'running' | 'complete'>;
        readonly failure: Failure;
      }
  );

/** Runs in a row that did not complete, and what was told of them. */
interface Streak extends Failures {
  readonly told: readonly NoticeEvent[];
}

/**
 * Decides which ends of runs are news. An account that fails every hour is told of once: `failed` and `held` at most
 * once each, until a run of the same kind completes. Quick runs and full ones are apart, since either may fail while
 * the other works. The memory is this process's: after a restart what still fails is told again.
 */
export class News {
  readonly #streaks = new Map<string, Streak>();

  /** What is to be told of a run that has just ended, in this order. */
  of(run: EndedRun): readonly Notice[] {
    const key = `${run.mode} ${run.accountId}`;
    const streak = this.#streaks.get(key);
    if (run.status === 'complete') {
      this.#streaks.delete(key);
      return toldOfComplete(run, streak);
    }
    // Somebody stopped it: that says nothing of the account.
    if (run.status === 'interrupted') return [];

    const notice = toldOfFailure(run, run.status);
    const { count, since, told } = streak ?? { count: 0, since: run.endedAt, told: [] };
    this.#streaks.set(key, { count: count + 1, since, told: [...told, notice.event] });
    return told.includes(notice.event) ? [] : [notice];
  }
}

type CompleteRun = EndedRun & { readonly status: 'complete' };
type FailedRun = EndedRun & { readonly failure: Failure };

function toldOfComplete(run: CompleteRun, streak: Streak | undefined): Notice[] {
  const { isBaseline, counts, ...rest } = run;
  const { added, changed, removed, restored } = counts;
  // Of a baseline everything is new, and nothing is news.
  const isChange = !isBaseline && added + changed + removed + restored > 0;
  const notices: Notice[] = [];
  if (streak !== undefined) {
    const failures = { count: streak.count, since: streak.since };
    notices.push({ ...rest, event: 'recovered', counts, failures });
  }
  if (isChange) notices.push({ ...rest, event: 'changed', counts });
  return notices;
}

function toldOfFailure(run: FailedRun, status: 'held' | 'failed' | 'incomplete'): Notice {
  return status === 'held'
    ? { ...run, event: 'held', status }
    : { ...run, event: 'failed', status };
}
