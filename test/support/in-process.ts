import type { EmulatorOptions } from '../../src/emulator/server.ts';
import { imagesAsApi, query, type Row } from './inventory.ts';
import { ACCOUNT, type Env, type LogLine } from './program.ts';
import { serveAccount, type ServedAccount } from './served-account.ts';
import { openTestSession, type OpenSession } from './session.ts';

/** An emulated account, and an inventory that this process keeps of it. */
export interface InProcess extends Omit<ServedAccount, 'sync' | 'env'> {
  readonly sync: OpenSession['sync'];
  /** Lines of the log so far. */
  readonly log: readonly LogLine[];
  readonly logged: (event: string) => readonly LogLine[];
  /** Requests since the last call, below the base URL. */
  readonly asked: () => readonly string[];
  readonly query: (sql: string) => Row[];
  /** What readers see, as the API would show it. */
  readonly seen: () => Map<string, string>;
  readonly close: () => Promise<void>;
}

type Options = Partial<Omit<EmulatorOptions, 'accounts'>> & {
  readonly images?: number;
  readonly seed?: number;
  readonly drafts?: number;
};

/** Serves an account, and opens a session that reads it in pages of 10 and is never held, unless told otherwise. */
export async function openInProcess(options: Options = {}, env: Env = {}): Promise<InProcess> {
  const served = await serveAccount(options);
  const session = openTestSession({ ...served.env, IMAGE_INVENTORY_PER_PAGE: '10', ...env });
  const { emulator, database } = served;
  return {
    ...served,
    sync: session.sync,
    close: session.close,
    log: session.log,
    logged: (name) => session.log.filter(({ event }) => event === name),
    asked: () => emulator.requests.splice(0),
    query: (sql) => query(database, sql),
    seen: () => imagesAsApi(database, ACCOUNT),
  };
}
