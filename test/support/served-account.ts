import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { AccountOptions, EmulatedAccount } from '../../src/emulator/account.ts';
import { Emulator, type EmulatorOptions } from '../../src/emulator/server.ts';
import { temporaryFolder } from './folder.ts';
import { ACCOUNT, clientOf, run, type Env, type Finished, type Launch } from './program.ts';

/** An emulated account, and an inventory file that the real program may keep of it. */
export interface ServedAccount {
  readonly emulator: Emulator;
  readonly account: EmulatedAccount;
  readonly folder: string;
  readonly database: string;
  /** What the program needs in its environment. */
  readonly env: Env;
  /** Runs `sync` to its end. */
  readonly sync: (args?: readonly string[], env?: Env, launch?: Launch) => Promise<Finished>;
}

type Options = Omit<EmulatorOptions, 'accounts'> & Partial<Omit<AccountOptions, 'id'>>;

/** Serves an account of some images until the test ends. */
export async function serveAccount(options: Options = {}): Promise<ServedAccount> {
  const { images = 100, seed = 1, drafts = 0, isEnabled = true, ...server } = options;
  const accounts = [{ id: ACCOUNT, images, seed, drafts, isEnabled }];
  const emulator = new Emulator({ ...server, accounts });
  const baseUrl = await emulator.listen();
  onTestFinished(() => emulator.close());
  const folder = temporaryFolder();
  const database = join(folder, 'inventory.db');
  const env = { ...clientOf(baseUrl), IMAGE_INVENTORY_DB: database };
  return {
    emulator,
    account: emulator.account(ACCOUNT),
    folder,
    database,
    env,
    sync: (args = [], more = {}, launch = {}) =>
      run(['sync', ...args], { ...env, ...more }, folder, launch),
  };
}
