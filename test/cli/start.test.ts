import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../support/folder.ts';
import { imageOf, openStoreWith } from '../support/opened-store.ts';
import { run } from '../support/program.ts';

const LOADED_MODULES = new URL('../support/loaded-modules.ts', import.meta.url).href;

/** What a process of the program loaded, sorted. */
interface Loaded {
  /** Names of packages. */
  readonly packages: readonly string[];
  /** Files of `src`, but for those of the command line and of the pure nouns. */
  readonly files: readonly string[];
  /** Those of Node.js's own modules that take longer to load than all of this program's. */
  readonly heavy: readonly string[];
}

async function load(args: readonly string[]): Promise<Loaded> {
  const file = join(temporaryFolder(), 'loaded');
  const env = { NODE_OPTIONS: `--import=${LOADED_MODULES}`, LOADED_FILE: file };
  expect(await run(args, env)).toMatchObject({ code: 0, stderr: '' });
  const urls = readFileSync(file, 'utf8').split('\n');
  const found = (pattern: RegExp): string[] =>
    [...new Set(urls.flatMap((url) => pattern.exec(url)?.[1] ?? []))].sort();
  return {
    packages: found(/\/node_modules\/((?:@[^/]+\/)?[^/]+)/),
    files: found(/\/src\/((?!cli\/|inventory\/)\w+\/.*\.ts)$/),
    heavy: found(/^node:(crypto|https?|http2|tls|zlib)$/),
  };
}

/** What help names: a version, and what can be chosen from. */
const CHOICES = [
  'app/version.ts',
  'emulator/choices.ts',
  'emulator/defaults.ts',
  'export/encoding.ts',
];

// What is loaded is most of what a start costs (docs/design.md): whatever joins these lists should be worth its time to
// everybody who asks for help or for the status.
describe('a start loads no more than it needs', () => {
  test.for(['--version', '--help', 'export --help', 'emulate --help'])(
    'for %s: the command line alone',
    async (command) => {
      expect(await load(command.split(' '))).toEqual({
        packages: ['commander'],
        files: CHOICES,
        heavy: [],
      });
    },
  );

  test.for(['status', 'status --json'])(
    'for %s: what reads the configuration and the database besides',
    async (command) => {
      const store = openStoreWith([imageOf('a')]);
      store.die();
      const { packages, files, heavy } = await load([...command.split(' '), '--db', store.path]);
      expect(packages).toEqual([
        'better-sqlite3',
        'commander',
        'fast-string-truncated-width',
        'fast-string-width',
        'valibot',
      ]);
      expect(files.filter((file) => !/^(config|store)\//.test(file)).toSorted()).toEqual(
        [...CHOICES, 'app/system-clock.ts'].toSorted(),
      );
      expect(heavy).toEqual([]);
    },
  );
});
