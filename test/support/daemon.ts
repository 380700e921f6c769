import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EMULATED_CREDENTIALS } from '../../src/emulator/defaults.ts';
import { start, type Env, type Finished, type LogLine, type Running } from './program.ts';
import type { ServedAccount } from './served-account.ts';

export const EVERY_SECOND = '* * * * * *';
/** Once a year: whatever is to run, a test calls for. */
export const YEARLY = '0 0 1 1 *';

/** A daemon of the real program at work. */
export interface RunningDaemon extends Running {
  /** Ends it by a signal, SIGTERM if none is named. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<Finished>;
}

/** A daemon that has all its settings but the secrets from a file. */
export interface ConfiguredDaemon extends RunningDaemon {
  /** Makes its file this text, or these settings. */
  readonly write: (content: string | object) => void;
  /** The same, then SIGHUP. Resolves with its answer: `daemon.reloaded` or `daemon.refused`. */
  readonly reload: (content: string | object) => Promise<LogLine>;
}

/** Starts a daemon that has everything from its environment; nothing calls for runs but its start. */
export function startDaemon(served: ServedAccount, env: Env = {}): RunningDaemon {
  return stoppable(
    start(['daemon'], { ...served.env, IMAGE_INVENTORY_SCHEDULE: YEARLY, ...env }, served.folder),
  );
}

/** Starts a daemon on a file with these settings. The API's address is the environment's. */
export function startConfigured(
  served: ServedAccount,
  content: object,
  env: Env = { CLOUDFLARE_API_TOKEN: EMULATED_CREDENTIALS.token },
): ConfiguredDaemon {
  const file = join(served.folder, 'daemon.json');
  const write = (text: string | object): void => {
    // The daemon may read at any time, and finds one or the other.
    writeFileSync(`${file}.new`, typeof text === 'string' ? text : JSON.stringify(text));
    renameSync(`${file}.new`, file);
  };
  write(content);
  const { CLOUDFLARE_BASE_URL = '', IMAGE_INVENTORY_DB = '' } = served.env;
  const daemon = stoppable(
    start(
      ['daemon', '--config', file],
      { CLOUDFLARE_BASE_URL, ...('database' in content ? {} : { IMAGE_INVENTORY_DB }), ...env },
      served.folder,
    ),
  );
  const reload = async (text: string | object): Promise<LogLine> => {
    write(text);
    const answer = Promise.race([daemon.next('daemon.reloaded'), daemon.next('daemon.refused')]);
    daemon.child.kill('SIGHUP');
    return answer;
  };
  return { ...daemon, write, reload };
}

function stoppable(running: Running): RunningDaemon {
  const stop = (signal: NodeJS.Signals = 'SIGTERM'): Promise<Finished> => {
    running.child.kill(signal);
    return running.finished;
  };
  return { ...running, stop };
}
