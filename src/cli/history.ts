import { loadConfig, type Config, type Flags } from '../config/load.ts';
import { Failure } from '../inventory/failure.ts';
import { openForReading } from '../store/database.ts';
import { explainReading } from '../store/errors.ts';
import { readImageHistories, type ImageHistory } from '../store/image-history.ts';
import { chosenAccounts, knownAccounts } from '../store/status.ts';
import { EXIT } from './exit-codes.ts';
import { historiesToJson } from './history-json.ts';
import { historyToText } from './history-text.ts';
import { printJson, printResult } from './streams.ts';

export interface HistoryCommandOptions {
  readonly json?: boolean;
}

/** `history`: every change of one image, in each account that ever listed it. */
export function historyCommand(
  flags: Flags,
  imageId: string,
  options: HistoryCommandOptions,
): number {
  const histories = readHistories(loadConfig(flags), imageId);
  if (options.json === true) printJson(historiesToJson(imageId, histories));
  else printResult(histories.map(historyToText).join('\n\n'));
  return EXIT.done;
}

function readHistories(config: Config, imageId: string): readonly ImageHistory[] {
  const { database: path } = config.settings;
  const database = openForReading(path);
  try {
    const accountIds = chosenAccounts(database, config.accountIds);
    const histories = readImageHistories(database, accountIds, imageId);
    if (histories.length > 0) return histories;
    const elsewhere = readImageHistories(database, knownAccounts(database), imageId);
    throw unknownImage(imageId, accountIds, elsewhere);
  } catch (error) {
    throw explainReading(error, path);
  } finally {
    database.close();
  }
}

/** @param elsewhere - What accounts that were not chosen know of it. */
function unknownImage(
  imageId: string,
  accountIds: readonly string[],
  elsewhere: readonly ImageHistory[],
): Failure {
  const who =
    accountIds.length === 1
      ? `account ${accountIds[0] ?? ''} has never`
      : `no ${elsewhere.length > 0 ? 'configured account' : 'account of the inventory'} has ever`;
  const others = elsewhere.map(({ accountId }) => `--account ${accountId}`);
  return new Failure('USAGE', `${who} listed an image ${imageId}`, {
    hint:
      others.length > 0
        ? `Another account has: ${others.join(' or ')}.`
        : 'An id is case-sensitive and must be whole; the tables "images" and "removed_images" hold every one.',
  });
}
