import { formatDuration } from '../inventory/duration.ts';
import type { AccountView, DaemonView } from './view.ts';

/** Whether the inventory can be relied on, in the words of `/readyz`. */
export interface Readiness {
  readonly ready: boolean;
  readonly reason: string;
  readonly accounts: readonly AccountReadiness[];
}

export interface AccountReadiness {
  readonly account_id: string;
  readonly ready: boolean;
  readonly reason: string;
  /** ISO 8601. */
  readonly last_complete_at: string | null;
  readonly age_seconds: number | null;
}

/** Ready is a daemon whose every account has a complete full run that is recent enough; one without accounts is not. */
export function readinessOf({ accounts }: Pick<DaemonView, 'accounts'>, now: number): Readiness {
  const verdicts = accounts.map((account) => accountReadiness(account, now));
  const waiting = verdicts.filter(({ ready }) => !ready).length;
  return {
    ready: verdicts.length > 0 && waiting === 0,
    reason: summary(verdicts.length, waiting),
    accounts: verdicts,
  };
}

/** The same of one account. @param now - Milliseconds since 1970. */
export function accountReadiness(
  { accountId, lastCompleteAt, readyUntil }: AccountView,
  now: number,
): AccountReadiness {
  if (lastCompleteAt === undefined || readyUntil === undefined) {
    const reason = 'there has been no complete full run yet';
    return {
      account_id: accountId,
      ready: false,
      reason,
      last_complete_at: null,
      age_seconds: null,
    };
  }
  const ageMs = Math.max(0, now - lastCompleteAt);
  const ready = now <= readyUntil;
  const ended = `the last complete full run ended ${formatDuration(ageMs)} ago`;
  const allowed = formatDuration(Math.max(0, readyUntil - lastCompleteAt));
  return {
    account_id: accountId,
    ready,
    reason: ready ? ended : `${ended}, more than the allowed ${allowed}`,
    last_complete_at: new Date(lastCompleteAt).toISOString(),
    age_seconds: Math.round(ageMs / 1000),
  };
}

function summary(accounts: number, waiting: number): string {
  if (accounts === 0) return 'there is no account to read';
  if (waiting === 0) return "every account's last complete full run is recent enough";
  return `${waiting} of ${accounts} accounts ${waiting === 1 ? 'is' : 'are'} not ready`;
}
