import type { Change, Counts } from '../inventory/change.ts';
import { asFailure, Failure, type FailureCode } from '../inventory/failure.ts';
import { confirmSuspects } from './confirm.ts';
import type { Emit } from './events.ts';
import { heldEmpty, isSuddenlyEmpty, type RemovalLimits } from './guard.ts';
import type { Clock, Limits, RunEnd, RunFailure, RunMode, Source, Stage, Store } from './ports.ts';
import { scan } from './scan.ts';

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
  const progress = { listed: 0, expected: undefined as number | undefined };
  const end = (): RunEnd => ({
    ...source.usage(),
    finishedAt: clock.now(),
    expected: progress.expected,
  });

  try {
    await readAccount(ports, stage, options, limits, emit, progress);
    const counts = conclude(stage, options, end(), emit);
    const durationMs = clock.now() - startedAt;
    const { isBaseline } = stage;
    const usage = source.usage();
    emit({ type: 'sync.finished', mode: options.mode, isBaseline, counts, usage, durationMs });
    return { runId: stage.runId, counts, failure: undefined };
  } catch (error) {
    const failure = asFailure(error);
    const { type, status } = endingOf(failure.code);
    const { code, message } = failure;
    stage.abandon(end(), { status, listed: progress.listed, code, message });
    const durationMs = clock.now() - startedAt;
    emit({ type, failure, listed: progress.listed, usage: source.usage(), durationMs });
    return { runId: stage.runId, counts: undefined, failure };
  }
}

/** Everything up to the decision: the whole list, and a verdict on each image that it did not show. */
async function readAccount(
  { source }: RunPorts,
  stage: Stage,
  options: RunOptions,
  limits: Limits,
  emit: Emit,
  progress: { listed: number; expected: number | undefined },
): Promise<void> {
  // The account's total counts every creator's images, so it says nothing of a filtered list.
  const isWhole = options.creators === undefined;
  const expected = isWhole ? await source.expected(limits) : undefined;
  progress.expected = expected;
  emit({ type: 'sync.started', mode: options.mode, expected, stored: stage.stored });

  const listed = await scan(source, stage, expected, limits, emit, (count) => {
    progress.listed = count;
  });
  if (isSuddenlyEmpty(listed, stage.stored, options.removal)) throw heldEmpty(stage.stored);
  if (expected !== undefined && listed !== expected) {
    emit({ type: 'sync.mismatch', listed, expected });
  }
  await confirmSuspects(source, stage, options.removal, limits, emit);
}

function conclude(stage: Stage, options: RunOptions, end: RunEnd, emit: Emit): Counts {
  let told = 0;
  let untold = 0;
  const tell = (change: Change): void => {
    if (told < options.maxChangeEvents) {
      told += 1;
      emit({ type: 'image.changed', change, mode: options.mode });
    } else {
      untold += 1;
    }
  };

  let counts: Counts;
  if (options.mode === 'dry-run') {
    counts = stage.rehearse(end, tell);
  } else {
    counts = stage.publish(end);
    for (const change of stage.changes()) tell(change);
  }
  if (untold > 0) emit({ type: 'sync.unlogged', count: untold });
  return counts;
}

type Ending = Pick<RunFailure, 'status'> & {
  readonly type: 'sync.incomplete' | 'sync.held' | 'sync.failed';
};

const INCOMPLETE: ReadonlySet<FailureCode> = new Set([
  'RATE_LIMITED',
  'UNREACHABLE',
  'API_ERROR',
  'API_GONE',
  'BAD_ANSWER',
  'ANSWER_TOO_LARGE',
  'LIST_REPEATS',
  'LIST_INCONSISTENT',
  'DEADLINE',
]);

function endingOf(code: FailureCode): Ending {
  if (code === 'HELD') return { type: 'sync.held', status: 'held' };
  if (code === 'STOPPED') return { type: 'sync.incomplete', status: 'interrupted' };
  if (INCOMPLETE.has(code)) return { type: 'sync.incomplete', status: 'incomplete' };
  return { type: 'sync.failed', status: 'failed' };
}

interface Deadline extends Disposable {
  readonly signal: AbortSignal;
  readonly at: number;
}

/** Aborts when the run's time is over, with a reason that says whether quota was what it waited for. */
function startDeadline(clock: Clock, source: Source, startedAt: number, ms: number): Deadline {
  const expiry = new AbortController();
  const disposal = new AbortController();
  const at = ms === 0 ? Infinity : startedAt + ms;
  if (ms > 0) {
    clock.wait(ms, disposal.signal).then(
      () => expiry.abort(source.isWaiting() ? outOfQuota(ms) : outOfTime(ms)),
      () => undefined,
    );
  }
  return { signal: expiry.signal, at, [Symbol.dispose]: () => disposal.abort() };
}

function outOfQuota(ms: number): Failure {
  return new Failure('RATE_LIMITED', `the run's ${ms / 1000} s passed while it waited for quota`, {
    hint: 'Raise IMAGE_INVENTORY_DEADLINE, or let fewer programs share this user.',
  });
}

function outOfTime(ms: number): Failure {
  return new Failure('DEADLINE', `the list was not read to its end within ${ms / 1000} s`, {
    hint: 'Raise IMAGE_INVENTORY_DEADLINE.',
  });
}
