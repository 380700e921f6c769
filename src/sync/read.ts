import { asFailure, type FailureCode } from '../inventory/failure.ts';
import { confirmSuspects } from './confirm.ts';
import type { Emit, RepeatReason } from './events.ts';
import { heldEmpty, isStrangelyEmpty, type RemovalLimits } from './guard.ts';
import type { Limits, ReadPage, Resumed, RunMode, Source, Stage } from './ports.ts';
import { scan } from './scan.ts';

/** What reading an account takes, and what was learnt of it so far. */
export interface Reading {
  readonly source: Source;
  readonly stage: Stage;
  readonly limits: Limits;
  readonly emit: Emit;
  readonly mode: RunMode;
  readonly creators: readonly string[] | undefined;
  readonly removal: RemovalLimits;
  /** 0 (inclusive) to 1 (exclusive), to draw samples. */
  readonly random: () => number;
  /** What the account says that it holds; of a filtered list that says nothing. */
  expected: number | undefined;
}

/**
 * Everything up to the decision: the whole list, and a verdict on each image that it did not show.
 *
 * The list is read once more when something speaks against the first reading: it is shorter than the
 * account states, it misses more images than can be asked for one by one, or its first part was read by
 * an interrupted run and the account has moved since.
 */
export async function readAccount(reading: Reading): Promise<void> {
  await ask(reading);
  const { mode, expected } = reading;
  const { stored, resumed } = reading.stage;
  reading.emit({ type: 'sync.started', mode, expected, stored, resumed });

  await readList(reading);
  const isRepeated = await isShort(reading);
  if (isRepeated) await repeat(reading, 'short');
  refuseEmpty(reading);
  const readAgain = async (): Promise<void> => {
    if (!isRepeated) await repeat(reading, 'suspects');
  };
  await confirmSuspects({ ...reading, readAgain });
  warnOfMismatch(reading);
}

/** Asks how many images there are. The account's total counts every creator's, so it says nothing of a filtered list. */
async function ask(reading: Reading): Promise<void> {
  const { source, creators, limits } = reading;
  if (creators === undefined) reading.expected = await source.expected(limits);
}

/** What a place in the list that is not good any more looks like; reading from the start mends it. */
const OUTDATED: ReadonlySet<FailureCode> = new Set([
  'API_ERROR',
  'BAD_ANSWER',
  'FILTER_REFUSED',
  'LIST_REPEATS',
  'LIST_INCONSISTENT',
]);

/** The first reading, behind what an interrupted run had read where there is such. */
async function readList(reading: Reading): Promise<void> {
  const { stage, expected, emit } = reading;
  if (stage.resumed !== undefined) {
    if (await goOn(reading, stage.resumed)) return;
    // Images that the interrupted run saw may be gone since, and nobody would ask for them.
    emit({ type: 'sync.repeating', reason: 'moved', listed: stage.listed, expected });
    stage.restart();
  }
  stage.expect(expected);
  await readPages(reading, [], false);
}

/** Reads on behind an interrupted run. @returns Whether the account has stood still since, as far as can be told. */
async function goOn(reading: Reading, resumed: Resumed): Promise<boolean> {
  const { stage, expected } = reading;
  if (expected !== resumed.expected) return false;
  try {
    await readPages(reading, resumed.pages, false);
  } catch (error) {
    if (OUTDATED.has(asFailure(error).code)) return false;
    throw error;
  }
  return expected === undefined || expected - stage.listed === stage.knownShortfall;
}

/** Whether the list showed less than the account states, also now that it was read, and more so than is known of it. */
async function isShort(reading: Reading): Promise<boolean> {
  if (!seemsShort(reading)) return false;
  await ask(reading);
  return seemsShort(reading);
}

function seemsShort({ stage, expected }: Reading): boolean {
  const shortfall = (expected ?? 0) - stage.listed;
  return shortfall > 0 && (shortfall !== stage.knownShortfall || hasSuspects(stage));
}

function hasSuspects(stage: Stage): boolean {
  for (const batch of stage.suspects()) return batch.length > 0;
  return false;
}

/** A second reading adds to the first: what either of them showed is there. */
async function repeat(reading: Reading, reason: RepeatReason): Promise<void> {
  const { emit, stage, expected } = reading;
  emit({ type: 'sync.repeating', reason, listed: stage.listed, expected });
  await readPages(reading, [], true);
}

async function readPages(
  reading: Reading,
  read: readonly ReadPage[],
  isRepeated: boolean,
): Promise<void> {
  const { source, stage, expected, limits, emit } = reading;
  await scan(source, stage, {
    expected,
    limits,
    read,
    isRepeated,
    onPage: ({ number, images, requestMs, cfRay }) => {
      const { listed } = stage;
      emit({ type: 'sync.page', page: number, images: images.length, listed, requestMs, cfRay });
    },
  });
}

function refuseEmpty({ stage, expected, removal }: Reading): void {
  const { listed, stored, isBaseline } = stage;
  const holdings = { stored, expected, isBaseline };
  if (isStrangelyEmpty(listed, holdings, removal)) throw heldEmpty(holdings);
}

function warnOfMismatch({ stage: { listed }, expected, emit }: Reading): void {
  if (expected === undefined || listed === expected) return;
  emit({ type: 'sync.mismatch', listed, expected });
}
