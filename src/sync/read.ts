import { asFailure, type FailureCode } from '../inventory/failure.ts';
import { areAllGone, confirmSuspects } from './confirm.ts';
import type { Emit, RepeatReason } from './events.ts';
import { heldEmpty, isStrangelyEmpty, type RemovalLimits } from './guard.ts';
import type { Limits } from './ports/clock.ts';
import type { ListPage, ReadPage } from './ports/pages.ts';
import type { Source } from './ports/source.ts';
import type { Resumed, RunMode, Stage } from './ports/stage.ts';
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
 * Where an interrupted run left pages, the list is read on behind them, and begun anew if anything speaks against
 * them. The list is read a second time when it is shorter than the account states, or misses more images
 * than can be asked for one by one.
 */
export async function readAccount(reading: Reading): Promise<void> {
  const { stage } = reading;
  await ask(reading);
  const { source, limits, mode, expected } = reading;
  const { stored, resumed } = stage;
  // Pages of an account that has changed since are read again.
  const read = resumed?.expected === expected ? (resumed?.pages ?? []) : [];
  const plan = source.plan(expected, limits, read);
  reading.emit({ type: 'sync.started', mode, expected, stored, resumed, plan });

  const isSettled = resumed !== undefined && (await goOn(reading, resumed));
  if (!isSettled) {
    if (resumed !== undefined) beginAnew(reading);
    await readWhole(reading);
  }
  warnOfMismatch(reading);
}

/** Reads the list from its start, a second time if need be, and asks for what it did not show. */
async function readWhole(reading: Reading): Promise<void> {
  const { stage, expected } = reading;
  stage.expect(expected);
  const pages = await readPages(reading, [], Infinity);
  const isRepeated = await isShort(reading);
  if (isRepeated) await repeat(reading, 'short', pages);
  refuseEmpty(reading);
  const readAgain = async (): Promise<void> => {
    if (!isRepeated) await repeat(reading, 'suspects', pages);
  };
  await confirmSuspects({ ...reading, readAgain });
}

/** Asks how many images there are. The account's total counts every creator's, so it says nothing of a filtered list. */
async function ask(reading: Reading): Promise<void> {
  const { source, creators, limits } = reading;
  // One that does not answer any more does not take back what it said.
  if (creators === undefined)
    reading.expected = (await source.expected(limits)) ?? reading.expected;
}

/** What a place in the list that is not good any more looks like; reading from the start mends it. */
const OUTDATED: ReadonlySet<FailureCode> = new Set([
  'API_ERROR',
  'BAD_ANSWER',
  'FILTER_REFUSED',
  'LIST_REPEATS',
  'LIST_INCONSISTENT',
]);

/**
 * Reads on behind an interrupted run. Its pages are up to an hour old, so nothing may speak against them: the
 * account states as many images as then, the list adds up to that, and what is missing from it is gone.
 *
 * @returns Whether the account has stood still since, as far as can be told.
 */
async function goOn(reading: Reading, resumed: Resumed): Promise<boolean> {
  const { stage, expected } = reading;
  if (expected !== resumed.expected) return false;
  try {
    await readPages(reading, resumed.pages, Infinity);
  } catch (error) {
    if (OUTDATED.has(asFailure(error).code)) return false;
    throw error;
  }
  const addsUp = expected === undefined || expected - stage.listed === stage.knownShortfall;
  if (!addsUp || stage.listed === 0) return false;
  return areAllGone(reading);
}

/** Images that the interrupted run saw may be gone since, and nobody would ask for them. */
function beginAnew({ stage, expected, emit }: Reading): void {
  emit({ type: 'sync.repeating', reason: 'moved', listed: stage.listed, expected });
  stage.restart();
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

/** A second reading adds to the first: what either of them showed is there. @param pages - Of the first one. */
async function repeat(reading: Reading, reason: RepeatReason, pages: number): Promise<void> {
  const { emit, stage, expected } = reading;
  emit({ type: 'sync.repeating', reason, listed: stage.listed, expected });
  await readPages(reading, [], 2 * pages + 10);
}

/**
 * @param read - Pages that need not be read again.
 * @param mostPages - More of them than this are no second reading of the same list.
 * @returns How many pages were read.
 */
async function readPages(
  reading: Reading,
  read: readonly ReadPage[],
  mostPages: number,
): Promise<number> {
  const { source, stage, expected, limits } = reading;
  let pages = 0;
  await scan(source, stage, {
    expected,
    limits,
    read,
    mostPages,
    onPage: (page) => {
      pages += 1;
      tellPage(reading, page);
    },
  });
  stage.settle();
  return pages;
}

/** Says that a page was staged. */
export function tellPage({ stage: { listed }, emit }: Reading, page: ListPage): void {
  const { number, count: images, requestMs, cfRay } = page;
  emit({ type: 'sync.page', page: number, images, listed, requestMs, cfRay });
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
