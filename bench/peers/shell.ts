import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pageBodies, type ListAddress } from '../floors/pages.ts';
import { measureCommand, type Cost } from '../measure.ts';

/** The version of the `sqlite3` shell; `undefined` if there is none. */
export function shellVersion(): string | undefined {
  const { status, stdout } = spawnSync('sqlite3', ['--version'], { encoding: 'utf8' });
  return status === 0 ? stdout.split(' ', 1)[0] : undefined;
}

const TABLE = `PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE images (account_id TEXT, id TEXT, filename TEXT, creator TEXT, meta TEXT,
  require_signed_urls INTEGER, uploaded TEXT, variants TEXT, PRIMARY KEY (account_id, id));
`;

/** Saves the pages of a list as files, and what the shell has to do with them. @returns The file of its commands. */
export async function saveForShell(list: ListAddress, folder: string): Promise<string> {
  const pages = join(folder, 'pages');
  mkdirSync(pages);
  let commands = TABLE;
  let number = 0;
  for await (const body of pageBodies(list)) {
    number += 1;
    const file = join(pages, `${number}.json`);
    writeFileSync(file, new Uint8Array(body));
    commands += insertPage(list.accountId, file);
  }
  const script = join(folder, 'load.sql');
  writeFileSync(script, commands);
  return script;
}

/** A transaction for a page. */
function insertPage(accountId: string, file: string): string {
  return `INSERT INTO images
SELECT '${accountId}', value ->> '$.id', value ->> '$.filename', value ->> '$.creator', value -> '$.meta',
  value ->> '$.requireSignedURLs', value ->> '$.uploaded', value -> '$.variants'
FROM json_each(CAST(readfile('${file}') AS TEXT), '$.result.images');
`;
}

/** The `sqlite3` shell that loads saved pages into a new database. */
export function runShell(script: string, database: string, folder: string): Promise<Cost> {
  return measureCommand(['sqlite3', '-batch', '-bail', database], script, folder);
}
