import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { versions } from 'node:process';
import Sqlite from 'better-sqlite3';
import { sdkVersion } from './peers/sdk-module.ts';
import { shellVersion } from './peers/shell.ts';

/** What figures depend on besides the program. */
export interface Environment {
  readonly tool: string;
  readonly node: string;
  readonly sqlite: string;
  readonly sdk: string | undefined;
  readonly shell: string | undefined;
  readonly cpus: number;
}

export function environment(): Environment {
  const database = new Sqlite(':memory:');
  const sqlite = String(database.prepare('SELECT sqlite_version()').pluck().get());
  database.close();
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const { version: tool } = JSON.parse(manifest) as { version: string };
  return {
    ...{ tool, node: versions.node, sqlite, sdk: sdkVersion(), shell: shellVersion() },
    cpus: availableParallelism(),
  };
}
