import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import {
  contendersOfChanged,
  contendersOfStill,
  type Contender,
  type ContenderName,
} from './contenders.ts';
import { pageBodies, type ListAddress } from './floors/pages.ts';
import type { Cost } from './measure.ts';
import { startServer, type ServerProcess } from './server-process.ts';
import type { Truth } from './truth.ts';
import { WrongOutput } from './verify-output.ts';

/** One run of a contender. */
export interface Run extends Cost {
  readonly requests: number;
  /** Of its database, the write-ahead log written back; `undefined` if it writes none. */
  readonly fileBytes: number | undefined;
}

/** What a contender's runs came to. */
export type Measured =
  | { readonly name: ContenderName; readonly runs: readonly Run[] }
  | { readonly name: ContenderName; readonly skipped: string };

export interface SizeOptions {
  readonly images: number;
  /** How often each contender runs. */
  readonly runs: number;
  /** The program's main file. */
  readonly main: string;
  /** Told before each run. */
  readonly onRun: (name: ContenderName) => void;
}

export const SEED = 1;
export const PER_PAGE = 1000;
export const CONCURRENCY = 4;
/** Between the last two runs of the program, 1% of the images change. */
const CHANGED_EVERY = 100;

/**
 * Measures every contender against one server of an account of so many images.
 *
 * @throws WrongOutput if one of them wrote something else than the server sent.
 */
export async function measureSize(options: SizeOptions): Promise<Measured[]> {
  const { images, main } = options;
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    using server = await startServer(images, SEED);
    const list = addressOf(server, images);
    const where = { list, folder, main };
    await warm(list);
    const truth = { images, seed: SEED };
    const ofStill = await measureAll(await contendersOfStill(where), server, truth, options);
    await server.change(CHANGED_EVERY);
    await warm(list);
    const changed = { ...truth, changedEvery: CHANGED_EVERY };
    return [
      ...ofStill,
      ...(await measureAll(contendersOfChanged(where), server, changed, options)),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** In rounds, not one contender after the other, so that a busy moment of the machine does not fall on one alone. */
async function measureAll(
  contenders: readonly Contender[],
  server: ServerProcess,
  truth: Truth,
  { runs, onRun }: SizeOptions,
): Promise<Measured[]> {
  const measured = new Map<ContenderName, Run[]>();
  for (let round = 0; round < runs; round += 1) {
    for (const contender of contenders.filter(({ skipped }) => skipped === undefined)) {
      onRun(contender.name);
      const earlier = measured.get(contender.name) ?? [];
      measured.set(contender.name, [...earlier, await measureOne(contender, server, truth)]);
    }
  }
  return contenders.map(({ name, skipped }) =>
    skipped === undefined ? { name, runs: measured.get(name) ?? [] } : { name, skipped },
  );
}

async function measureOne(
  { name, database, prepare, run, verify }: Contender,
  server: ServerProcess,
  truth: Truth,
): Promise<Run> {
  prepare?.();
  await server.takeServed();
  const cost = await run();
  const { requests } = await server.takeServed();
  const fileBytes = database === undefined ? undefined : sizeOf(database);
  try {
    verify?.(truth);
  } catch (error) {
    throw error instanceof WrongOutput ? new WrongOutput(`${name}: ${error.message}`) : error;
  }
  return { ...cost, requests, fileBytes };
}

/** Has the server make every page, so that no contender waits for it. */
async function warm(list: ListAddress): Promise<void> {
  for await (const body of pageBodies({ ...list, pages: list.pages + 1 })) {
    if (body.byteLength === 0) throw new Error('an empty answer');
  }
}

function addressOf({ baseUrl, token, accountId }: ServerProcess, images: number): ListAddress {
  const pages = Math.ceil(images / PER_PAGE);
  return { baseUrl, token, accountId, pages, perPage: PER_PAGE, concurrency: CONCURRENCY };
}

/** In bytes, when the write-ahead log has been written back. */
function sizeOf(file: string): number {
  const database = new Sqlite(file);
  database.pragma('wal_checkpoint(TRUNCATE)');
  database.close();
  return statSync(file).size;
}
