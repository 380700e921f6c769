import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/folder.ts';

const DATABASE = new URL('../../src/store/database.ts', import.meta.url).href;

/** Where SQLite sorts in a process that writes an inventory in the folder. */
function sortsIn(folder: string, env: NodeJS.ProcessEnv): string {
  const script = `
    const { openForWriting } = await import(${JSON.stringify(DATABASE)});
    openForWriting(${JSON.stringify(join(folder, 'inventory.db'))}, '2026-01-01T00:00:00.000Z').close();
    console.log(process.env.SQLITE_TMPDIR);`;
  const words = ['--input-type=module', '--eval', script];
  return execFileSync(execPath, words, { env, encoding: 'utf8' }).trim();
}

test('large sorts go beside the database, or where somebody wants them', () => {
  const folder = temporaryFolder();
  expect(sortsIn(folder, {})).toBe(folder);
  expect(sortsIn(folder, { SQLITE_TMPDIR: '/elsewhere' })).toBe('/elsewhere');
});
