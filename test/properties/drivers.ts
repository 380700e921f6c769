import { afterAll, beforeAll } from 'vitest';
import { modeOf } from '../../src/app/run-mode.ts';
import { systemClock } from '../../src/app/system-clock.ts';
import { EmulatedAccount } from '../../src/emulator/account.ts';
import { EMULATED_CREDENTIALS } from '../../src/emulator/defaults.ts';
import type { ListOrder } from '../../src/emulator/choices.ts';
import { Emulator } from '../../src/emulator/server.ts';
import { Failure } from '../../src/inventory/failure.ts';
import { openForWriting } from '../../src/store/database.ts';
import { createStore } from '../../src/store/store.ts';
import { runSync, type RunOptions } from '../../src/sync/run.ts';
import { openSessionWith } from '../support/session.ts';
import { directSource } from './direct-source.ts';
import type { Driver, WorldOptions } from './world.ts';

export type OpenDriver = (options: WorldOptions) => Driver;

let accounts = 0;

/** Everything that the program is, over real HTTP; one emulator serves all cases of a file. */
export function overHttp(): OpenDriver {
  const served = new Map<ListOrder, { emulator: Emulator; baseUrl: string }>();
  beforeAll(async () => {
    for (const listOrder of ['newest', 'oldest', 'shuffled'] as const) {
      const emulator = new Emulator({ accounts: [], quirks: { listOrder } });
      served.set(listOrder, { emulator, baseUrl: await emulator.listen() });
    }
  });
  afterAll(async () => {
    for (const { emulator } of served.values()) await emulator.close();
  });

  return (options) => {
    const server = served.get(options.order);
    if (server === undefined) throw new RangeError(options.order);
    const { emulator, baseUrl } = server;
    accounts += 1;
    const accountId = `account-${accounts}`;
    const env = {
      CLOUDFLARE_BASE_URL: baseUrl,
      CLOUDFLARE_ACCOUNT_ID: accountId,
      CLOUDFLARE_API_TOKEN: EMULATED_CREDENTIALS.token,
      IMAGE_INVENTORY_API: options.version,
      IMAGE_INVENTORY_PER_PAGE: String(options.perPage),
      IMAGE_INVENTORY_CONCURRENCY: String(options.concurrency),
      IMAGE_INVENTORY_REMOVAL_CONFIRM_REQUESTS: String(options.confirmRequests),
      // Faults end a run at once; that a retry mends them is proved elsewhere, and takes its time.
      IMAGE_INVENTORY_MAX_RETRIES: '0',
    };
    return {
      accountId,
      account: emulator.addAccount({ ...options, id: accountId }),
      run: async (database, syncOptions, onRequest, signal) => {
        const session = openSessionWith({ ...env, IMAGE_INVENTORY_DB: database });
        emulator.prependListener('request', onRequest);
        try {
          return await session.sync(syncOptions, signal);
        } finally {
          emulator.off('request', onRequest);
          emulator.faults.clear();
          await session.close();
        }
      },
      err: (name) => emulator.faults.add({ name, times: 1 }),
      dispose: () => {
        emulator.removeAccount(accountId);
        emulator.requests.length = 0;
      },
    };
  };
}

const RUN: Omit<RunOptions, 'mode' | 'mayResume' | 'api' | 'removal'> = {
  accountId: 'account',
  creators: undefined,
  toolVersion: 'test',
  scope: '',
  deadlineMs: 0,
  maxChangeEvents: 0,
};

/** The engine and the store alone: thousands of cases in the time of hundreds. */
export function withoutNetwork(): OpenDriver {
  return (options) => {
    const account = new EmulatedAccount({ ...options, id: RUN.accountId });
    let fault: Failure | undefined;
    return {
      accountId: RUN.accountId,
      account,
      run: async (
        path,
        { mode: wanted = 'full', mayResume = true, allowMassRemoval = true },
        onRequest,
        signal,
      ) => {
        const database = openForWriting(path, '2026-01-01T00:00:00.000Z');
        const store = createStore(database, systemClock.now());
        const source = directSource(account, options, () => {
          onRequest();
          const thrown = fault;
          fault = undefined;
          if (thrown !== undefined) throw thrown;
        });
        const { confirmRequests, version } = options;
        const mode = modeOf(wanted, store, RUN.accountId, RUN.creators);
        const api = mode === 'quick' ? 'v2' : version;
        const removal = { maxCount: 100, maxFraction: 0.1, confirmRequests, allowMassRemoval };
        const emitFor = () => () => undefined;
        const ports = { source, store, emitFor, clock: systemClock, random: Math.random };
        try {
          return await runSync(ports, { ...RUN, mode, mayResume, api, removal }, signal);
        } finally {
          store.close();
          database.close();
        }
      },
      err: (name) => {
        fault = new Failure('BAD_ANSWER', name);
      },
      dispose: () => undefined,
    };
  };
}
