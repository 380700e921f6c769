import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { ChildProcess } from 'node:child_process';
import { env, platform } from 'node:process';
import Sqlite from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { filesOf, placeOf } from '../support/database-files.ts';
import { seededRandom } from '../support/random.ts';
import { Lane, requested, SCENARIOS, told, turn } from './scenario.ts';
import { countsBehind, faultsOf, leftoversOf, runsBehind, viewOf } from './views.ts';

const SEED = Number(env['CRASH_SEED'] ?? Date.now() % 1_000_000);
/** Power cuts in a scenario; a longer crash test tries more of them. */
const CUTS = Math.ceil(Number(env['CRASH_KILLS'] ?? 200) / 32);
const SIDE_BY_SIDE = SCENARIOS.filter(({ concurrency }) => concurrency > 1);

/** The files of a run at every event, the earliest first. */
class Moments {
  readonly #lane: Lane;
  readonly #folder: string;
  readonly #names: readonly string[];

  private constructor(lane: Lane, folder: string) {
    this.#lane = lane;
    this.#folder = folder;
    this.#names = readdirSync(folder).sort();
  }

  static async of(lane: Lane): Promise<Moments> {
    const copies = join(lane.served.folder, 'moments');
    const folder = lane.copy();
    expect(await lane.kill(folder, { CRASH_COPIES: copies })).toBe(false);
    return new Moments(lane, copies);
  }

  get count(): number {
    return this.#names.length;
  }

  /** What a power cut left: each of the two files as it was at some moment. */
  folderOf(database: number, scan: number): string {
    const folder = join(this.#lane.served.folder, `cut-${database}-${scan}`);
    mkdirSync(folder);
    for (const [moment, suffixes] of [
      [database, filesOf.database],
      [scan, filesOf.scan],
    ] as const) {
      copyFiles(join(this.#folder, this.#names[moment] ?? ''), folder, suffixes);
    }
    return folder;
  }
}

function copyFiles(from: string, to: string, suffixes: readonly string[]): void {
  for (const suffix of suffixes) {
    const file = placeOf(from) + suffix;
    if (existsSync(file)) cpSync(file, placeOf(to) + suffix);
  }
}

/** The old snapshot is whole, or the new one is; and the next run comes to the right end. */
async function expectRecovery(lane: Lane, folder: string): Promise<void> {
  const { known, reference, before, served } = lane;
  const database = placeOf(folder);
  const isPublished = runsBehind(database, known).at(-1)?.status === 'complete';
  expect(viewOf(database, known)).toEqual(isPublished ? reference.view : before);
  expect(faultsOf(database)).toEqual([]);
  await lane.sync(folder);
  expect(viewOf(database, known)).toEqual(reference.view);
  expect(countsBehind(database, known)).toEqual(reference.counts);
  expect(reference.view.images).toHaveLength(served.account.size);
  expect(faultsOf(database)).toEqual([]);
  expect(leftoversOf(database)).toEqual([]);
  rmSync(folder, { recursive: true });
}

describe(`after a power cut (seed ${SEED})`, () => {
  test.for(SIDE_BY_SIDE)(
    '$name: whichever of the two files is the older one, nothing is lost',
    { timeout: 60_000 + CUTS * 2000 },
    async (scenario) => {
      const random = seededRandom(SEED);
      const lane = await Lane.prepare(scenario);
      const moments = await Moments.of(lane);
      for (let cut = 0; cut < CUTS; cut += 1) {
        const database = random.below(moments.count);
        const near = database + random.below(21) - 10;
        const scan = [database, near, random.below(moments.count)][cut % 3] ?? 0;
        const bounded = Math.min(Math.max(scan, 0), moments.count - 1);
        const folder = moments.folderOf(database, bounded);
        const what = `${scenario.name}: database of moment ${database}, pages of ${bounded}, seed ${SEED}`;
        await told(what, () => expectRecovery(lane, folder));
      }
    },
  );
});

describe.runIf(platform === 'linux')(`of a process that is stopped anywhere (seed ${SEED})`, () => {
  test.for(SIDE_BY_SIDE)(
    '$name: a copy of its files is as good as they are',
    { timeout: 60_000 + CUTS * 2000 },
    async (scenario) => {
      const random = seededRandom(SEED);
      const lane = await Lane.prepare(scenario);
      const { emulator } = lane.served;
      for (let cut = 0; cut < CUTS / 2; cut += 1) {
        const request = 1 + random.below(lane.reference.requestCount);
        const turns = random.below(300);
        const folder = lane.copy();
        const { child, finished } = lane.start(folder);
        await Promise.race([requested(emulator, request), finished]);
        await turn(turns);
        child.kill('SIGSTOP');
        while (!isStill(child)) await turn(1);
        const copy = join(lane.served.folder, `stopped-${cut}`);
        mkdirSync(copy);
        copyFiles(folder, copy, filesOf.all);
        child.kill('SIGKILL');
        await finished;
        const what = `${scenario.name}: stopped ${turns} turns behind request ${request}, seed ${SEED}`;
        await told(what, () => expectRecovery(lane, copy));
      }
    },
  );
});

/** Whether a process is stopped, or over already. */
function isStill({ pid, exitCode, signalCode }: ChildProcess): boolean {
  if (exitCode !== null || signalCode !== null) return true;
  const [, state] = /\) (\w)/.exec(readFileSync(`/proc/${String(pid)}/stat`, 'utf8')) ?? [];
  return state === 'T' || state === 'Z';
}

/** Things that may stand in the place of the file beside the database. */
const DAMAGES: Readonly<Record<string, (file: string) => void>> = {
  'is gone': (file) => rmSync(file),
  'is empty': (file) => truncateSync(file, 0),
  'is cut off in its header': (file) => truncateSync(file, 50),
  'is cut off in a page': (file) => truncateSync(file, 5000),
  'has lost its last page': (file) => truncateSync(file, readFileSync(file).length - 4096),
  'is text': (file) => writeFileSync(file, 'not a database\n'.repeat(1000)),
  'has a page of nothing': (file) => writeFileSync(file, readFileSync(file).fill(0, 4096, 8192)),
  'has a page of noise': (file) => writeFileSync(file, readFileSync(file).fill(0xa7, 4096, 12_288)),
  'is of another program': (file) => {
    rmSync(file);
    edit(file, 'CREATE TABLE notes (note TEXT)');
  },
  'has columns of another name': (file) =>
    edit(file, 'ALTER TABLE scans RENAME COLUMN begun_at TO began'),
  'has a column that is not known': (file) => edit(file, 'ALTER TABLE pages ADD COLUMN etag TEXT'),
  'has rows of no whole length': (file) => edit(file, "UPDATE pages SET stretches = x'0102030405'"),
  'has fewer rows than images': (file) =>
    edit(file, "UPDATE pages SET stretches = x'0100000001000000'"),
  'has row zero only': (file) =>
    edit(file, 'UPDATE pages SET stretches = zeroblob(length(stretches))'),
  'has rows that are none': (file) =>
    edit(
      file,
      "UPDATE pages SET stretches = CAST(x'40420f00' || unhex(printf('%02x000000', count)) AS BLOB)",
    ),
  'says that more was read': (file) => edit(file, 'UPDATE pages SET number = number + 100'),
};

function edit(file: string, sql: string): void {
  const database = new Sqlite(file);
  database.exec(sql);
  database.close();
}

describe('a file of kept pages harms nothing that', () => {
  test.for(SIDE_BY_SIDE.filter(({ kind }) => kind === 'resumed'))(
    'is not what was written ($api)',
    { timeout: 60_000 },
    async (scenario) => {
      const lane = await Lane.prepare(scenario);
      for (const [damage, inflict] of Object.entries(DAMAGES)) {
        const folder = lane.copy();
        const file = `${placeOf(folder)}-scan`;
        edit(file, 'PRAGMA wal_checkpoint(TRUNCATE)');
        inflict(file);
        await told(damage, () => expectRecovery(lane, folder));
      }
    },
  );
});
