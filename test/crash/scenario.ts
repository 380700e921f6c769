import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import type { SyncOptions } from '../../src/app/sync-accounts.ts';
import type { EmulatedAccount } from '../../src/emulator/account.ts';
import type { Emulator } from '../../src/emulator/server.ts';
import { filesOf, placeOf } from '../support/database-files.ts';
import { run, start, type Env, type Finished, type Running } from '../support/program.ts';
import { serveAccount, type ServedAccount } from '../support/served-account.ts';
import { openTestSession } from '../support/session.ts';
import { ShownTexts } from '../support/vouching.ts';
import { countsBehind, runsBehind, viewOf, type View } from './views.ts';

/** A run that is to be killed, and how to come to it. */
export interface Scenario {
  readonly name: string;
  readonly api: 'v1' | 'v2';
  readonly concurrency: number;
  /** `first`: nothing is there. `later`: the account has moved since. `resumed`: as `later`, and a run was killed. */
  readonly kind: 'first' | 'later' | 'resumed';
}

export function scenarioOf(
  kind: Scenario['kind'],
  api: Scenario['api'],
  concurrency: number,
): Scenario {
  return { name: `a ${kind} run, ${api}, ${concurrency} at once`, kind, api, concurrency };
}

export const SCENARIOS: readonly Scenario[] = (['first', 'later', 'resumed'] as const).flatMap(
  (kind) => [scenarioOf(kind, 'v1', 1), scenarioOf(kind, 'v1', 4), scenarioOf(kind, 'v2', 4)],
);

const CHECKPOINTS = new URL('../support/checkpoints.ts', import.meta.url).href;
const IMAGES = 75;

/** What an uninterrupted run makes of a prepared database. */
export interface Reference {
  readonly view: View;
  readonly counts: unknown;
  /** How often each event came. */
  readonly events: Readonly<Record<string, number>>;
  readonly requests: readonly string[];
  /** How many requests there were of the run that is killed, which may go on behind another. */
  readonly requestCount: number;
}

/** A scenario with its own emulator: runs that are killed side by side do not see each other's requests. */
export class Lane {
  readonly scenario: Scenario;
  readonly served: ServedAccount;
  readonly env: Env;
  /** The folder from which every kill starts. */
  readonly prepared: string;
  /** The last run before that which is killed. */
  known = 0;
  before!: View;
  /** Whatever the account has shown of images. */
  readonly shown = new ShownTexts();
  reference!: Reference;
  #copies = 0;

  private constructor(scenario: Scenario, served: ServedAccount) {
    this.scenario = scenario;
    this.served = served;
    this.prepared = join(served.folder, 'prepared');
    this.env = {
      ...served.env,
      IMAGE_INVENTORY_PER_PAGE: '10',
      IMAGE_INVENTORY_API: scenario.api,
      IMAGE_INVENTORY_CONCURRENCY: String(scenario.concurrency),
    };
  }

  /** Brings the database and the account to where the run begins, and learns what it makes of them. */
  static async prepare(scenario: Scenario): Promise<Lane> {
    const lane = await Lane.#begin(scenario);
    const plain = await lane.#refer();
    lane.reference = plain;
    if (scenario.kind === 'resumed') {
      await lane.#interrupt();
      const { events, requestCount } = await lane.#refer();
      lane.reference = { ...plain, events, requestCount };
    }
    return lane;
  }

  /** As {@link Lane.prepare}, for an account that goes on moving: there is no reference. */
  static async prepareOnly(scenario: Scenario): Promise<Lane> {
    const lane = await Lane.#begin(scenario);
    if (scenario.kind === 'resumed') await lane.#interrupt();
    return lane;
  }

  static async #begin(scenario: Scenario): Promise<Lane> {
    const lane = new Lane(scenario, await serveAccount({ images: IMAGES }));
    mkdirSync(lane.prepared);
    lane.#note();
    if (scenario.kind !== 'first') await lane.#live();
    const database = placeOf(lane.prepared);
    lane.known = runsBehind(database, 0).at(-1)?.run_id ?? 0;
    lane.before = viewOf(database, lane.known);
    return lane;
  }

  /** Four pages are kept; a fifth is staged only. */
  async #interrupt(): Promise<void> {
    await this.kill(this.prepared, { CRASH_AT: 'scan: insert pages#5' });
  }

  /** A copy of the prepared database, to be written to. */
  copy(): string {
    const folder = join(this.served.folder, `copy-${this.#copies}`);
    this.#copies += 1;
    cpSync(this.prepared, folder, { recursive: true });
    return folder;
  }

  environment(folder: string): Env {
    return { ...this.env, IMAGE_INVENTORY_DB: placeOf(folder) };
  }

  /** Starts a real process that names what it does. */
  start(folder: string, checkpoints: Env = {}, args: readonly string[] = []): Running {
    return start(['sync', ...args], {
      ...this.environment(folder),
      NODE_OPTIONS: `--import=${CHECKPOINTS}`,
      ...checkpoints,
    });
  }

  /** Runs a real process to a checkpoint. @returns Whether it got there; else it completed. */
  async kill(folder: string, checkpoints: Env, args: readonly string[] = []): Promise<boolean> {
    return wasKilled(await this.start(folder, checkpoints, args).finished);
  }

  /** One run within this process; throws what went wrong. */
  async sync(
    folder: string,
    env: Env = {},
    options: Partial<SyncOptions> = {},
  ): Promise<readonly string[]> {
    const { requests } = this.served.emulator;
    const asked = requests.length;
    const { sync, close } = openTestSession({ ...this.environment(folder), ...env });
    const { failure } = await sync({ allowMassRemoval: false, ...options });
    await close();
    if (failure !== undefined) throw failure;
    return requests.slice(asked);
  }

  /** One run in a process of its own. */
  async syncProcess(folder: string): Promise<readonly string[]> {
    const { requests } = this.served.emulator;
    const asked = requests.length;
    const { code, stderr } = await run(['sync'], this.environment(folder));
    if (code !== 0) throw new Error(`exit ${String(code)}: ${stderr}`);
    return requests.slice(asked);
  }

  /** A baseline, a run that removed images, and an account that has moved since. */
  async #live(): Promise<void> {
    const { account } = this.served;
    const ids = account.all().map(({ id }) => id);
    const at = (index: number): string => ids[index] ?? '';
    await this.sync(this.prepared);
    for (const index of [5, 25, 45]) account.delete(at(index));
    await this.sync(this.prepared);
    move(account, at);
    this.#note();
  }

  #note(): void {
    const { account } = this.served;
    this.shown.note(account.list(0, account.size));
  }

  async #refer(): Promise<Reference> {
    const folder = this.copy();
    const { requests } = this.served.emulator;
    const asked = requests.length;
    const counts = join(folder, 'counts.json');
    const { code, stderr } = await this.start(folder, { CRASH_COUNTS: counts }).finished;
    if (code !== 0) throw new Error(`the reference failed: ${stderr}`);
    const database = placeOf(folder);
    const reference = {
      view: viewOf(database, this.known),
      counts: countsBehind(database, this.known),
      events: JSON.parse(readFileSync(counts, 'utf8')) as Record<string, number>,
      requests: requests.slice(asked),
      requestCount: requests.length - asked,
    };
    rmSync(folder, { recursive: true });
    return reference;
  }
}

/** Everything that can happen to an account, on pages near the beginning, the middle and the end. */
function move(account: EmulatedAccount, at: (index: number) => string): void {
  for (const index of [5, 25]) account.upload({ id: at(index), filename: 'back.png' });
  for (let number = 0; number < 9; number += 1) account.upload({ id: `new/${number}` });
  for (const index of [0, 12, 37, 74]) account.delete(at(index));
  for (const index of [2, 33, 70]) account.patch(at(index), { meta: { moved: index } });
  account.patch(at(10), { requireSignedURLs: !isSigned(account, at(10)) });
  account.patch(at(60), { requireSignedURLs: !isSigned(account, at(60)) });
}

function isSigned(account: EmulatedAccount, id: string): boolean {
  const image = JSON.parse(account.find(id) ?? '{}') as Record<string, unknown>;
  return image['requireSignedURLs'] === true;
}

export function wasKilled({ code, signal, stderr }: Finished): boolean {
  if (signal === 'SIGKILL') return true;
  if (code === 0) return false;
  throw new Error(`exit ${String(code ?? signal)}: ${stderr}`);
}

/** What the file beside the database holds: whose pages, and which. */
export interface Kept {
  readonly runId: number | undefined;
  readonly pages: readonly number[];
}

/** Looks at a copy, so that the files stay as they were left. */
export function keptIn(folder: string): Kept {
  const nothing: Kept = { runId: undefined, pages: [] };
  const database = placeOf(folder);
  if (!existsSync(`${database}-scan`)) return nothing;
  const aside = join(folder, 'aside');
  mkdirSync(aside);
  for (const suffix of filesOf.scan) {
    if (existsSync(database + suffix)) cpSync(database + suffix, placeOf(aside) + suffix);
  }
  const opened = new Sqlite(`${placeOf(aside)}-scan`);
  try {
    const hasTables = opened.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'pages'").get();
    if (hasTables === undefined) return nothing;
    return {
      runId: opened.prepare<[], number>('SELECT run_id FROM scans').pluck().get(),
      pages: opened.prepare<[], number>('SELECT number FROM pages ORDER BY number').pluck().all(),
    };
  } finally {
    opened.close();
    rmSync(aside, { recursive: true });
  }
}

/** The list pages that were asked for: their numbers in v1, their count in v2. */
export function pagesAsked(requests: readonly string[]): readonly string[] {
  return requests.filter((request) => /\?(page|sort_order)=/.test(request));
}

/** Does something; what goes wrong says in which case. */
export async function told(what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    throw new Error(`${what}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

/** Resolves with the request of that number, counted from now. */
export function requested(emulator: Emulator, number: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  let left = number;
  const onRequest = (): void => {
    left -= 1;
    if (left > 0) return;
    emulator.off('request', onRequest);
    resolve(undefined);
  };
  emulator.on('request', onRequest);
  return promise;
}

/** Lets this process turn so often. */
export async function turn(times: number): Promise<void> {
  for (let count = 0; count < times; count += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
