import type { Pacer } from '../cloudflare/pace.ts';
import type { Config } from '../config/load.ts';
import { createLogger, type Logger } from '../observe/logger.ts';
import { Progress, type QuotaView } from '../observe/progress.ts';
import { openForWriting, type WritableDatabase } from '../store/database.ts';
import { isoTime } from '../store/ledger.ts';
import { createStore } from '../store/store.ts';
import type { Emit } from '../sync/events.ts';
import type { Clock } from '../sync/ports/clock.ts';
import { Connections } from './connect.ts';
import { keepHeapSmall } from './heap.ts';
import type { SyncContext } from './sync-accounts.ts';
import { systemClock } from './system-clock.ts';

/** Where the log goes; on a terminal a progress line goes there as well. */
export type Output = NodeJS.WritableStream & {
  readonly isTTY?: boolean;
  readonly columns?: number;
};

/** What a process that syncs holds open: the database with its lock, the connections, the log. */
export interface Session {
  readonly context: SyncContext;
  readonly inventory: WritableDatabase;
  /** Lets go of all of it, the lock last. */
  close(): Promise<void>;
}

/**
 * Opens the database and wires the rest. Nothing is sent yet.
 *
 * @param clock - Of everything but a single request's timeout.
 * @throws Failure when the database cannot be had; nothing stays open then.
 */
export function openSession(config: Config, output: Output, clock: Clock = systemClock): Session {
  keepHeapSmall();
  const { settings, color } = config;
  let progress: Progress | undefined;
  const around = (write: () => void): void =>
    progress === undefined ? write() : progress.around(write);
  const showsAccount = config.accountIds.length > 1;
  const logger = createLogger(settings['log.level'], {
    stream: output,
    color,
    around,
    showsAccount,
  });
  const database = openForWriting(settings.database, isoTime(clock.now()), (from, to) =>
    logMigration(logger, from, to),
  );
  try {
    const connections = new Connections(settings, clock);
    const watch = (pacer: Pacer): Emit => {
      const shown = new Progress(output, quotaView(pacer), () => clock.elapsed());
      progress = shown;
      return (event) => shown.show(event);
    };
    const store = createStore(database, clock.now());
    return {
      inventory: database,
      context: {
        settings,
        connections,
        store,
        clock,
        logger,
        ...(output.isTTY === true && { watch }),
      },
      close: async () => {
        await connections.close();
        store.close();
        database.close();
      },
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

function logMigration(logger: Logger, from: number, to: number): void {
  const event = { event: 'database.migrating', from_version: from, to_version: to };
  const msg = `the database is brought from schema ${from} to ${to}, in one transaction: up to a minute for a million images`;
  logger.info(event, msg);
}

function quotaView(pacer: Pacer): QuotaView {
  return { remaining: () => pacer.remaining, waitMs: (requests) => pacer.waitMsOf(requests) };
}
