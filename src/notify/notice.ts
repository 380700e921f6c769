import type { Counts } from '../inventory/change.ts';
import type { Failure } from '../inventory/failure.ts';
import { printable } from '../inventory/printable.ts';
import type { RunMode } from '../sync/ports/stage.ts';

/** What an operator can be told of. */
export type NoticeEvent = 'failed' | 'held' | 'recovered' | 'changed';

/** The run that a notice is about. */
export interface NoticedRun {
  readonly accountId: string;
  /** As the configuration calls the account. */
  readonly accountName: string | undefined;
  /** `undefined` if not even its row in the ledger could be written. */
  readonly runId: number | undefined;
  readonly mode: Exclude<RunMode, 'dry-run'>;
  /** Milliseconds since 1970. */
  readonly endedAt: number;
}

/** Runs in a row that did not complete. */
export interface Failures {
  readonly count: number;
  /** When the first of them ended, in milliseconds since 1970. */
  readonly since: number;
}

/** One thing that an operator is told. It holds no image's data: who wants to know more asks the inventory for the run. */
export type Notice = NoticedRun &
  (
    | {
        readonly event: 'failed';
        readonly status: 'failed' | 'incomplete';
        readonly failure: Failure;
      }
    | { readonly event: 'held'; readonly status: 'held'; readonly failure: Failure }
    | {
        readonly event: 'recovered';
        readonly status: 'complete';
        readonly counts: Counts;
        /** What lies behind the account. */
        readonly failures: Failures;
      }
    | { readonly event: 'changed'; readonly status: 'complete'; readonly counts: Counts }
  );

/**
 * A notice as it is sent: JSON text, as config/webhook.schema.json describes it. Names are the ledger's; what does not
 * apply is left out. Like a line of the log it holds no character that a terminal obeys.
 */
export function noticeBody(id: string, notice: Notice): string {
  const failure = 'failure' in notice ? notice.failure : undefined;
  const payload = {
    version: 1,
    id,
    event: notice.event,
    time: isoTime(notice.endedAt),
    account_id: notice.accountId,
    account_name: notice.accountName,
    run_id: notice.runId,
    mode: notice.mode,
    status: notice.status,
    error_code: failure?.code,
    error_message: failure?.message,
    hint: failure?.hint,
    counts: 'counts' in notice ? notice.counts : undefined,
    failures: 'failures' in notice ? failuresOf(notice.failures) : undefined,
  };
  return printable(JSON.stringify(payload));
}

function failuresOf({ count, since }: Failures): { count: number; since: string } {
  return { count, since: isoTime(since) };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
