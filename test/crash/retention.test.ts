import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { env, execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { verifyInventory } from '../../src/store/verify/verify.ts';
import { placeOf } from '../support/database-files.ts';
import { makeFolder } from '../support/folder.ts';
import { forgetDays } from '../support/forgetting.ts';
import { query } from '../support/inventory.ts';
import { writeLongHistory } from '../support/long-history.ts';
import { openStore } from '../support/opened-store.ts';
import { seededRandom } from '../support/random.ts';

const CHECKPOINTS = new URL('../support/checkpoints.ts', import.meta.url).href;
const FORGETTING = fileURLToPath(new URL('../support/forgetting-process.ts', import.meta.url));
const COMPILED = fileURLToPath(new URL('../../node_modules/.cache/compiled', import.meta.url));
const DAYS = 30;
const FORGOTTEN = 20;
const KILLS = Number(env['CRASH_KILLS'] ?? 200) / 10;
const SEED = Number(env['CRASH_SEED'] ?? Date.now() % 1_000_000);

/** Forgets the first two thirds of the days, in a process that may be killed on the way. */
function forget(file: string, checkpoints: Record<string, string> = {}): SpawnSyncReturns<string> {
  return spawnSync(execPath, [FORGETTING, file, String(FORGOTTEN)], {
    encoding: 'utf8',
    env: {
      PATH: env['PATH'],
      NODE_COMPILE_CACHE: COMPILED,
      NODE_OPTIONS: `--import=${CHECKPOINTS}`,
      IMAGE_INVENTORY_DB: file,
      ...checkpoints,
    },
  });
}

const TABLES = ['accounts', 'runs', 'changes', 'stored_images', 'removed_images'];
const contentOf = (file: string): unknown =>
  TABLES.map((table) => query(file, `SELECT * FROM ${table} ORDER BY 1, 2`));
const findings = (file: string): unknown[] =>
  verifyInventory(file, undefined).checks.flatMap((check) => check.findings);

test(
  `forgetting that is killed leaves a sound inventory, and the next time finishes it (seed ${SEED})`,
  {
    timeout: 60_000 + KILLS * 5000,
  },
  () => {
    const folder = makeFolder();
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const prepared = placeOf(folder);
    const store = openStore(prepared);
    writeLongHistory(store, DAYS);
    store.die();
    const before = contentOf(prepared);
    const bytes = readFileSync(prepared);
    const countsFile = join(folder, 'counts.json');
    expect(forget(prepared, { CRASH_COUNTS: countsFile })).toMatchObject({ status: 0, stderr: '' });
    const reference = contentOf(prepared);
    expect(reference).not.toEqual(before);

    const counts = JSON.parse(readFileSync(countsFile, 'utf8')) as Record<string, number>;
    const names = Object.keys(counts).filter((name) => /^db: (?!pragma|close)/.test(name));
    expect(names).toEqual(
      expect.arrayContaining(['db: update accounts', 'db: delete changes', 'db: delete runs']),
    );
    const random = seededRandom(SEED);
    for (let kill = 0; kill < KILLS; kill += 1) {
      const name = names[kill % names.length] ?? '';
      const event = `${name}#${1 + random.below(counts[name] ?? 1)}`;
      const place = join(folder, `kill-${kill}`);
      mkdirSync(place);
      writeFileSync(placeOf(place), bytes);
      expect(forget(placeOf(place), { CRASH_AT: event }).signal, event).toBe('SIGKILL');
      expect(findings(placeOf(place)), event).toEqual([]);
      forgetDays(placeOf(place), FORGOTTEN);
      expect(findings(placeOf(place)), event).toEqual([]);
      expect(contentOf(placeOf(place)), event).toEqual(reference);
    }
  },
);
