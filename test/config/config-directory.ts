import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'vitest';

/** A directory of one test's own, with the files that a configuration is read from. */
export interface ConfigDirectory {
  readonly path: string;
  /** Writes a file as it is given and returns its path. */
  write(name: string, text: string): string;
  /** Writes a configuration file and returns its path. */
  config(document: unknown): string;
}

/** A test that is given a directory, which is removed after it. */
export const it = test.extend<{ directory: ConfigDirectory }>({
  directory: async ({}, use) => {
    const path = mkdtempSync(join(tmpdir(), 'image-inventory-config-'));
    const write = (name: string, text: string): string => {
      const file = join(path, name);
      writeFileSync(file, text);
      return file;
    };
    const config = (document: unknown): string => write('config.json', JSON.stringify(document));
    await use({ path, write, config });
    rmSync(path, { recursive: true });
  },
});
