import { systemClock } from '../app/system-clock.ts';
import { loadConfig, type Flags } from '../config/load.ts';
import { compareLatest, compareMoments, type Comparison } from '../store/comparison.ts';
import { openSnapshot } from '../store/database.ts';
import { explainReading } from '../store/errors.ts';
import { chosenAccounts } from '../store/status.ts';
import { comparisonsToJson } from './diff-json.ts';
import { comparisonsToText } from './diff-text.ts';
import { EXIT } from './exit-codes.ts';
import { takeMoment } from './moment.ts';
import { printPieces } from './streams.ts';

export interface DiffCommandOptions {
  readonly json?: boolean;
}

/** The moments that are compared, as they were named; by default the last complete run and the one before. */
export interface DiffEnds {
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** `diff`: what changed between two complete runs of each account. */
export async function diffCommand(
  flags: Flags,
  ends: DiffEnds,
  options: DiffCommandOptions,
): Promise<number> {
  const { settings, accountIds } = loadConfig(flags);
  const compare = comparer(ends, accountIds);
  const database = openSnapshot(settings.database);
  try {
    const comparisons = compare(database);
    await printPieces(
      options.json === true ? comparisonsToJson(comparisons) : comparisonsToText(comparisons),
    );
    return EXIT.done;
  } catch (error) {
    throw explainReading(error, settings.database);
  } finally {
    database.close();
  }
}

type Compare = (database: ReturnType<typeof openSnapshot>) => readonly Comparison[];

/** What is to be compared; wrong moments are refused before anything is opened. */
function comparer({ from, to }: DiffEnds, accountIds: readonly string[]): Compare {
  if (from === undefined) {
    return (database) => compareLatest(database, chosenAccounts(database, accountIds));
  }
  const now = systemClock.now();
  const moments = [takeMoment(from, now), takeMoment(to ?? 'latest', now)] as const;
  const chosen = accountIds.length > 0 ? accountIds : undefined;
  return (database) => compareMoments(database, chosen, moments);
}
