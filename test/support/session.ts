import { Writable } from 'node:stream';
import { onTestFinished } from 'vitest';
import { openSession, type Session } from '../../src/app/session.ts';
import {
  syncAccounts,
  type AccountOutcome,
  type SyncOptions,
} from '../../src/app/sync-accounts.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Clock } from '../../src/sync/ports/clock.ts';
import type { Env, LogLine } from './program.ts';

/** The program's own wiring within this process: fast enough to try thousands of runs. */
export interface OpenSession {
  readonly session: Session;
  /** What was logged so far. */
  readonly log: readonly LogLine[];
  /** One run of the only account. */
  readonly sync: (options?: Partial<SyncOptions>, signal?: AbortSignal) => Promise<AccountOutcome>;
  readonly close: () => Promise<void>;
}

/** Opens a session with this environment, until the test ends or it is closed. */
export function openTestSession(env: Env, clock?: Clock): OpenSession {
  const opened = openSessionWith(env, clock);
  onTestFinished(opened.close);
  return opened;
}

/** As {@link openTestSession}, for whoever closes it: a test that opens thousands must not keep them all. */
export function openSessionWith(env: Env, clock?: Clock): OpenSession {
  const config = loadConfig({}, { IMAGE_INVENTORY_RATE_REQUESTS: '1000000', ...env });
  const log: LogLine[] = [];
  const output = new Writable({
    decodeStrings: false,
    write: (text: string, _encoding, done) => {
      log.push(JSON.parse(text) as LogLine);
      done();
    },
  });
  const session = openSession(config, output, clock);
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (!isOpen) return;
    isOpen = false;
    await session.close();
  };
  const never = new AbortController().signal;
  const sync: OpenSession['sync'] = async (options, signal = never) => {
    const [outcome] = await syncAccounts(
      session.context,
      config.accounts(),
      { mode: 'full', allowMassRemoval: true, mayResume: true, ...options },
      signal,
    );
    if (outcome === undefined) throw new Error('no account was read');
    return outcome;
  };
  return { session, log, sync, close };
}
