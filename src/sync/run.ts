import type { Counts } from '../inventory/change.ts';
import { asFailure, type Failure } from '../inventory/failure.ts';
import { confirmSuspects } from './confirm.ts';
import { startDeadline } from './deadline.ts';
import { endingOf } from './ending.ts';
import type { Emit } from './events.ts';
import { heldEmpty, isStrangelyEmpty, type RemovalLimits } from './guard.ts';
import type { Clock, Limits, RunEnd, RunMode, Source, Stage, Store, Usage } from './ports.ts';
import { scan } from './scan.ts';
import { createTeller } from './tell.ts';

export interface RunOptions {
  readonly accountId: string;
  readonly mode: RunMode;
  /** The list API's version, for the ledger. */
  readonly api: string;
  readonly creators: readonly string[] | undefined;
  readonly toolVersion: string;
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
}

/** How a run ended. `failure` is set unless it completed. */
export interface RunOutcome {
  readonly runId: number;
  readonly counts: Counts | undefined;
  readonly failure: Failure | undefined;
}

/** One run under way, and what it has learnt so far. */
interface Run {
  readonly ports: RunPorts;
  readonly options: RunOptions;
  readonly stage: Stage;
  readonly limits: Limits;
  readonly emit: Emit;
  readonly startedAt: number;
  expected: number | undefined;
  listed: number;
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
  const { source, store, clock } = ports;
  const startedAt = clock.now();
  const stage = store.begin({ ...options, startedAt });
  const emit = ports.emitFor(stage.runId);
  using deadline = startDeadline(clock, source, startedAt, options.deadlineMs);
  const limits = {
    signal: AbortSignal.any([signal, deadline.signal]),
    deadlineAt: deadline.at,
  };
  const run: Run = {
    ports,
    options,
    stage,
    limits,
    emit,
    startedAt,
    expected: undefined,
    listed: 0,
  };
  const teller = createTeller(emit, options.mode, options.maxChangeEvents);
  let counts: Counts;
  try {
    await readAccount(run);
    limits.signal.throwIfAborted();
    counts =
      options.mode === 'dry-run'
        ? stage.rehearse(endOf(run), teller.tell)
        : stage.publish(endOf(run));
  } catch (error) {
    return fail(run, asFailure(error));
  }
  // From here on the run is committed: whatever happens to the telling, it stays complete.
  for (const change of stage.changes()) teller.tell(change);
  teller.finish();
  const { mode } = options;
  const { isBaseline, runId } = stage;
  emit({ type: 'sync.finished', mode, isBaseline, counts, ...spent(run) });
  return { runId, counts, failure: undefined };
}

/** Everything up to the decision: the whole list, and a verdict on each image that it did not show. */
async function readAccount(run: Run): Promise<void> {
  const { options, stage, limits, emit } = run;
  const { source } = run.ports;
  // The account's total counts every creator's images, so it says nothing of a filtered list.
  const isWhole = options.creators === undefined;
  run.expected = isWhole ? await source.expected(limits) : undefined;
  emit({ type: 'sync.started', mode: options.mode, expected: run.expected, stored: stage.stored });

  await scan(source, stage, run.expected, limits, (page, fresh) => {
    run.listed += fresh;
    const { number, images, requestMs, cfRay } = page;
    const told = { page: number, images: images.length, listed: run.listed, requestMs, cfRay };
    emit({ type: 'sync.page', ...told });
  });
  const { listed, expected } = run;
  const holdings = { stored: stage.stored, expected, isBaseline: stage.isBaseline };
  if (isStrangelyEmpty(listed, holdings, options.removal)) throw heldEmpty(holdings);
  if (expected !== undefined && listed !== expected)
    emit({ type: 'sync.mismatch', listed, expected });
  await confirmSuspects(source, stage, options.removal, limits, emit);
}

/** Closes the ledger row with what went wrong, and drops the stage. */
function fail(run: Run, failure: Failure): RunOutcome {
  const { stage, listed, emit } = run;
  const { code, message } = failure;
  const { type, status } = endingOf(code);
  stage.abandon(endOf(run), { status, listed, code, message });
  emit({ type, failure, listed, ...spent(run) });
  return { runId: stage.runId, counts: undefined, failure };
}

function endOf({ ports, expected }: Run): RunEnd {
  return { ...ports.source.usage(), finishedAt: ports.clock.now(), expected };
}

function spent({ ports, startedAt }: Run): { usage: Usage; durationMs: number } {
  return { usage: ports.source.usage(), durationMs: ports.clock.now() - startedAt };
}
