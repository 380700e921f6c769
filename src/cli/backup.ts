import { stderr } from 'node:process';
import { loadConfig, type Flags } from '../config/load.ts';
import { printable } from '../inventory/printable.ts';
import { formatCount } from '../inventory/quantity.ts';
import { backupInventory, type Backup } from '../store/backup.ts';
import { EXIT } from './exit-codes.ts';
import { stopOnSignals } from './signals.ts';
import { printJson, printResult } from './streams.ts';
import { formatTable } from './table.ts';

export interface BackupCommandOptions {
  readonly json?: boolean;
}

/** `backup`: copies the inventory as it is at one moment, beside a daemon if there is one. */
export async function backupCommand(
  flags: Flags,
  file: string,
  options: BackupCommandOptions,
): Promise<number> {
  const { settings } = loadConfig(flags);
  const stop = stopOnSignals();
  try {
    const backup = await backupInventory(settings.database, file, {
      signal: stop.signal,
      ...(stderr.isTTY && { onProgress: showProgress }),
    }).finally(clearProgress);
    if (options.json === true) printJson(toJson(backup));
    else printResult(toText(backup));
    return EXIT.done;
  } catch (error) {
    // Whoever stopped it knows it.
    const exitCode = stop.exitCode();
    if (exitCode === undefined) throw error;
    return exitCode;
  }
}

const CLEAR_LINE = '\r\u001b[K';

function showProgress(share: number): void {
  stderr.write(`${CLEAR_LINE}${Math.floor(100 * share)}% copied`);
}

/** The result may come to the same terminal. */
function clearProgress(): void {
  if (stderr.isTTY) stderr.write(CLEAR_LINE);
}

function toText({ path, bytes, accounts }: Backup): string {
  const rows = accounts.map(({ accountId, images }) => [
    printable(accountId),
    formatCount(images, 'image'),
  ]);
  return [`${printable(path)}  ${formatCount(bytes, 'byte')}`, formatTable(rows, ['left', 'right'])]
    .join('\n')
    .trimEnd();
}

function toJson({ path, bytes, accounts }: Backup): unknown {
  return {
    backup: path,
    bytes,
    accounts: accounts.map(({ accountId, images }) => ({ account_id: accountId, images })),
  };
}
