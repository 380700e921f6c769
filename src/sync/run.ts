import type { Counts } from '../inventory/change.ts';
import { asFailure, type Failure } from '../inventory/failure.ts';
import { startDeadline } from './deadline.ts';
import { endingOf } from './ending.ts';
import type { Emit } from './events.ts';
import type { RemovalLimits } from './guard.ts';
import type { Clock } from './ports/clock.ts';
import type { Source, Usage } from './ports/source.ts';
import type { RunEnd, RunMode, Store } from './ports/stage.ts';
import { readAccount, type Reading } from './read.ts';
import { readNewest } from './read-newest.ts';
import { createTeller } from './tell.ts';

export interface RunOptions {
  readonly accountId: string;
  readonly mode: RunMode;
  /** The list API's version, for the ledger. */
  readonly api: string;
  readonly creators: readonly string[] | undefined;
  readonly toolVersion: string;
  /** What else decides what a page holds, such as its size. */
  readonly scope: string;
  /** Whether pages that an interrupted run read may be taken over. */
  readonly mayResume: boolean;
  readonly removal: RemovalLimits;
  /** How long the run may take; 0 means no limit. */
  readonly deadlineMs: number;
  /** Change events told after a run; the rest is counted. */
  readonly maxChangeEvents: number;
}

export interface RunPorts {
  readonly source: Source;
  readonly store: Store;
  readonly clock: Clock;
  /** Tells of one run, once its number is known. */
  readonly emitFor: (runId: number) => Emit;
  /** 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;
}

/** How a run ended. `failure` is set unless it completed. */
export interface RunOutcome {
  readonly runId: number;
  /** Set if it completed. */
  readonly counts: Counts | undefined;
  /** Whether it was the account's first complete run, of which everything is new and nothing is news. */
  readonly isBaseline: boolean;
  readonly failure: Failure | undefined;
}

/** One run under way. */
interface Run extends Reading {
  readonly clock: Clock;
  /** As {@link Clock.elapsed} counts. */
  readonly begunAt: number;
}

/**
 * One run of one account, from the ledger row `running` to its end. What goes wrong is written to
 * the ledger and returned: a run that did not complete has changed nothing that a reader can see.
 *
 * @throws only what the store throws when it cannot even write its ledger.
 */
export async function runSync(
  ports: RunPorts,
  options: RunOptions,
  signal: AbortSignal,
): Promise<RunOutcome> {
  const { source, store, clock, random } = ports;
  const begunAt = clock.elapsed();
  const stage = store.begin({ ...options, startedAt: clock.now() });
  const emit = ports.emitFor(stage.runId);
  using deadline = startDeadline(clock, source, options.deadlineMs);
  const limits = {
    signal: AbortSignal.any([signal, deadline.signal]),
    deadlineAt: deadline.at,
  };
  const { mode, creators, removal } = options;
  const work = { source, stage, limits, emit, mode, creators, removal, random };
  const run: Run = { ...work, clock, begunAt, expected: undefined };
  const teller = createTeller(emit, mode, options.maxChangeEvents);
  let counts: Counts;
  try {
    await (mode === 'quick' ? readNewest(run) : readAccount(run));
    limits.signal.throwIfAborted();
    counts =
      mode === 'dry-run' ? stage.rehearse(endOf(run), teller.tell) : stage.publish(endOf(run));
  } catch (error) {
    return fail(run, asFailure(error));
  }
  // From here on the run is committed: whatever happens to the telling, it stays complete.
  for (const change of stage.changes()) teller.tell(change);
  teller.finish();
  const { isBaseline, runId } = stage;
  emit({ type: 'sync.finished', mode, isBaseline, counts, ...spent(run) });
  return { runId, counts, isBaseline, failure: undefined };
}

/**
 * Closes the ledger row with what went wrong. A run that was stopped may be gone on with, unless it is a quick one; any
 * other drops its stage.
 */
function fail(run: Run, failure: Failure): RunOutcome {
  const { stage, emit, mode } = run;
  const { code, message } = failure;
  const { type, status } = endingOf(code);
  const { listed } = stage;
  const ended = { status, code, message };
  if (status === 'interrupted' && mode !== 'quick') stage.suspend(endOf(run), ended);
  else stage.abandon(endOf(run), ended);
  emit({ type, failure, listed, ...spent(run) });
  const { runId, isBaseline } = stage;
  return { runId, counts: undefined, isBaseline, failure };
}

function endOf({ source, clock, expected }: Run): RunEnd {
  return {
    ...source.usage(),
    // Asked when it is written down: publishing a great many images takes a while.
    get finishedAt() {
      return clock.now();
    },
    expected,
  };
}

function spent({ source, clock, begunAt }: Run): { usage: Usage; durationMs: number } {
  return { usage: source.usage(), durationMs: clock.elapsed() - begunAt };
}
