import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { query } from '../support/inventory.ts';
import { ACCOUNT, run, type Env } from '../support/program.ts';
import { serveAccount, type ServedAccount } from '../support/served-account.ts';

const QUICK = { IMAGE_INVENTORY_MAX_RETRIES: '0' };

/** All that readers can see, but the ledger. */
function visible(database: string): unknown[] {
  return ['images', 'removed_images', 'changes'].map((table) =>
    query(database, `SELECT * FROM ${table}`),
  );
}

interface Refusal {
  readonly what: string;
  readonly env: (served: ServedAccount) => Env | Promise<Env>;
  readonly code: number;
  readonly says: RegExp;
  /** What the ledger says, where the run came so far. */
  readonly ledger?: { status: string; error_code: string };
}

const REFUSED = { status: 'failed', error_code: 'ACCESS_REFUSED' };
const UNREACHABLE = { status: 'incomplete', error_code: 'UNREACHABLE' };

const REFUSALS: readonly Refusal[] = [
  {
    what: 'a wrong token',
    env: () => ({ CLOUDFLARE_API_TOKEN: 'not-the-token' }),
    code: 6,
    says: /401.*10000.*Authentication error[^]*Images: Read/,
    ledger: REFUSED,
  },
  {
    what: 'a wrong account',
    env: () => ({ CLOUDFLARE_ACCOUNT_ID: ACCOUNT.replace('0', 'f') }),
    code: 6,
    says: /7003[^]*CLOUDFLARE_ACCOUNT_ID/,
  },
  {
    what: 'an account without Images',
    env: ({ account }) => {
      account.isEnabled = false;
      return {};
    },
    code: 6,
    says: /5403[^]*not enabled/,
    ledger: REFUSED,
  },
  {
    what: 'a wrong e-mail and key',
    env: () => ({
      CLOUDFLARE_API_TOKEN: '',
      CLOUDFLARE_EMAIL: 'a@b.test',
      CLOUDFLARE_API_KEY: 'no',
    }),
    code: 6,
    says: /9103/,
    ledger: REFUSED,
  },
  {
    what: 'no credentials',
    env: () => ({ CLOUDFLARE_API_TOKEN: '' }),
    code: 2,
    says: /no credentials.*\n.*CLOUDFLARE_API_TOKEN/,
  },
  {
    what: 'no account',
    env: () => ({ CLOUDFLARE_ACCOUNT_ID: '' }),
    code: 2,
    says: /no account.*\n.*CLOUDFLARE_ACCOUNT_ID/,
  },
  {
    what: 'both kinds of credentials',
    env: () => ({ CLOUDFLARE_EMAIL: 'a@b.test', CLOUDFLARE_API_KEY: 'key' }),
    code: 2,
    says: /both kinds of credentials/,
  },
  {
    what: 'a host that nobody serves',
    env: async () => ({ ...QUICK, CLOUDFLARE_BASE_URL: `http://127.0.0.1:${await freePort()}` }),
    code: 3,
    says: /could not reach http:\/\/127\.0\.0\.1.*ECONNREFUSED/,
    ledger: UNREACHABLE,
  },
  {
    what: 'a name that does not resolve',
    env: () => ({ ...QUICK, CLOUDFLARE_BASE_URL: 'https://api.invalid' }),
    code: 3,
    says: /could not reach https:\/\/api\.invalid/,
    ledger: UNREACHABLE,
  },
  {
    what: 'plain http to another machine',
    env: () => ({ CLOUDFLARE_BASE_URL: 'http://api.example.test/client/v4' }),
    code: 2,
    says: /CLOUDFLARE_BASE_URL.*https/,
  },
];

describe('a run that cannot be says why in two lines, with its exit code, and leaves the database', () => {
  test.for(REFUSALS)('$what: exit $code', async ({ env, code, says, ledger }) => {
    const served = await serveAccount({ images: 40 });
    await served.sync();
    const before = visible(served.database);

    const finished = await served.sync([], await env(served));
    expect(finished.code).toBe(code);
    expect(finished.stderr).toMatch(says);
    expect(finished.stderr.trim().split('\n').length).toBeLessThanOrEqual(2);
    expect(finished.stdout + finished.stderr).not.toContain('not-the-token');
    expect(finished.stderr).not.toMatch(/\n\s+at /);
    expect(visible(served.database)).toEqual(before);
    const runs = query(
      served.database,
      'SELECT status, error_code FROM runs WHERE account_id = ? AND run_id > 1',
      ACCOUNT,
    );
    expect(runs).toEqual(ledger ? [ledger] : []);
  });

  test('credentials that are refused are asked about once, not hammered', async () => {
    const served = await serveAccount({ credentials: { token: 'another' } });
    await served.sync();
    expect(served.emulator.requests).toHaveLength(1);
  });
});

describe('a database that will not do: exit 2, and the file as it was', () => {
  const attempt = async (database: string): Promise<string> => {
    const served = await serveAccount();
    const { code, stderr } = await served.sync(['--db', database]);
    expect(code).toBe(2);
    expect(stderr.trim().split('\n')).toHaveLength(2);
    expect(served.emulator.requests).toEqual([]);
    return stderr;
  };

  test('from the future', async () => {
    const served = await serveAccount();
    await served.sync();
    const database = new Sqlite(served.database);
    database.pragma('user_version = 999');
    database.close();
    const before = readFileSync(served.database);
    expect(await attempt(served.database)).toContain('999');
    expect(readFileSync(served.database).equals(before)).toBe(true);
  });

  test('a folder instead of a file', async () => {
    const { folder } = await serveAccount();
    expect(await attempt(folder)).toContain('is a folder');
  });

  test('a file that is no database', async () => {
    const { folder } = await serveAccount();
    const path = join(folder, 'notes.txt');
    writeFileSync(path, 'notes\n'.repeat(500));
    expect(await attempt(path)).toContain('is not a SQLite database');
    expect(readFileSync(path, 'utf8')).toBe('notes\n'.repeat(500));
    expect(readdirSync(folder), 'nothing is left beside it').toEqual(['notes.txt']);
  });

  test('a folder that cannot be made, where a file stands in its place', async () => {
    const { folder } = await serveAccount();
    writeFileSync(join(folder, 'file'), '');
    expect(await attempt(join(folder, 'file', 'deeper', 'x.db'))).toContain('cannot be created');
  });

  test('a place where nothing can be written', async () => {
    // Root may write anywhere but in /proc.
    const place =
      process.getuid?.() === 0 ? '/proc' : readOnlyFolder((await serveAccount()).folder);
    expect(await attempt(join(place, 'x.db'))).toMatch(/cannot be (opened|written)/);
    expect(existsSync(join(place, 'x.db'))).toBe(false);
  });
});

test('a token where the account id belongs is refused, and neither shown nor sent', async () => {
  const served = await serveAccount();
  const token = 'cfut_0123456789abcdefghijklmnopqrstuvwxyzABCD';
  const { code, stderr, stdout } = await served.sync([], { CLOUDFLARE_ACCOUNT_ID: token });
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain('CLOUDFLARE_ACCOUNT_ID');
  expect(stderr).not.toContain('cfut_');
  expect(served.emulator.requests).toEqual([]);
});

test.for([
  { args: ['frobnicate'], says: "unknown command 'frobnicate'" },
  { args: [], says: 'no command' },
  { args: ['sync', '--no-such-option'], says: '--no-such-option' },
  { args: ['sync', 'surplus'], says: 'too many arguments' },
  { args: ['status', '--max-age', 'soon'], says: '--max-age' },
  { args: ['sync', '--log-level', 'loud'], says: '--log-level is "loud"' },
  { args: ['sync', '--config', 'missing.json'], says: 'missing.json' },
  { args: ['emulate', '--fault', 'nonsense'], says: '--fault is "nonsense"' },
])('wrong usage $args: exit 2', async ({ args, says }) => {
  const { code, stderr, stdout } = await run(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(says);
});

function readOnlyFolder(parent: string): string {
  const folder = join(parent, 'read-only');
  mkdirSync(folder);
  chmodSync(folder, 0o555);
  return folder;
}
