import type { DaemonEvent } from '../daemon/events.ts';
import type { Notice, NoticedRun } from '../notify/notice.ts';
import { endingOf } from '../sync/ending.ts';

type EventOfRun = Extract<DaemonEvent, { readonly result: unknown }>;

/**
 * What an operator is told of an event of the daemon. That runs fail is told once, as the daemon does; that a run found
 * changes, each time but the first, when everything is new.
 *
 * @param now - Milliseconds since 1970.
 */
export function noticesOf(
  event: DaemonEvent,
  accountName: string | undefined,
  now: number,
): readonly Notice[] {
  if (!('result' in event)) return [];
  const run = runOf(event, accountName, now);
  const { counts, isBaseline } = event.result;
  switch (event.type) {
    case 'daemon.failing': {
      const { failure } = event.result;
      const { status } = endingOf(failure.code);
      if (status === 'held') return [{ ...run, event: 'held', status, failure }];
      return [
        { ...run, event: 'failed', status: status === 'failed' ? status : 'incomplete', failure },
      ];
    }
    case 'daemon.recovered': {
      if (counts === undefined) return [];
      const failures = { count: event.failures, since: event.since };
      return [{ ...run, event: 'recovered', status: 'complete', counts, failures }];
    }
    case 'daemon.ended': {
      if (counts === undefined || isBaseline) return [];
      const { added, changed, removed, restored } = counts;
      if (added + changed + removed + restored === 0) return [];
      return [{ ...run, event: 'changed', status: 'complete', counts }];
    }
  }
}

function runOf(
  { accountId, mode, result }: EventOfRun,
  accountName: string | undefined,
  endedAt: number,
): NoticedRun {
  const ran = result.mode === 'dry-run' ? mode : result.mode;
  return { accountId, accountName, runId: result.runId, mode: ran, endedAt };
}
