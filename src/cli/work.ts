import { stdout } from 'node:process';
import { openSession, type Session } from '../app/session.ts';
import type { Account } from '../config/accounts.ts';
import { loadConfig, type Config, type Flags } from '../config/load.ts';
import { EXIT } from './exit-codes.ts';
import { stopOnSignals, type StopSignal } from './signals.ts';
import { endWithOutput } from './streams.ts';

/** What the commands that write an inventory have in common. */
export interface Work {
  readonly config: Config;
  readonly accounts: readonly Account[];
  readonly session: Session;
  readonly stop: StopSignal;
}

/** Reads the configuration, opens the inventory and heeds the signals. The log goes to stdout. */
export function openWork(flags: Flags): Work {
  const config = loadConfig(flags);
  const accounts = config.accounts();
  const stop = stopOnSignals();
  endWithOutput((exitCode) => stop.stop(exitCode), EXIT.incomplete);
  return { config, accounts, stop, session: openSession(config, stdout) };
}
