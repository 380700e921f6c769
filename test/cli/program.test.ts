import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { exitCodeOf } from '../../src/cli/exit-codes.ts';
import { createProgram, parseCommandLine } from '../../src/cli/program.ts';
import { formatTable } from '../../src/cli/table.ts';
import { ACCOUNT, run, type Env } from '../support/program.ts';
import { serveAccount } from '../support/served-account.ts';

function isChosen(argv: readonly string[]): boolean {
  let chosen = false;
  parseCommandLine(
    createProgram(() => (chosen = true)),
    argv,
  );
  return chosen;
}

test.for([
  [['sync', '--db', 'x.db', '--dry-run']],
  [['--db', 'x.db', '--dry-run', 'sync']],
  [['--dry-run', 'sync', '--db=x.db']],
  [['--account', 'sync', 'sync', '--account', 'b']],
  [['--json', 'status', '--max-age', '2h']],
] as const)('options may stand before or after the command: %s', ([argv]) => {
  expect(isChosen(argv)).toBe(true);
});

test('help comes as an option and as a command', async () => {
  const [option, command] = [await run(['sync', '--help']), await run(['help', 'sync'])];
  expect(command).toMatchObject({ code: 0, stderr: '', stdout: option.stdout });
});

describe('exit codes', () => {
  test('the first of the documented order wins', () => {
    expect(exitCodeOf([])).toBe(0);
    expect(exitCodeOf(['HELD'])).toBe(4);
    expect(exitCodeOf(['HELD', 'BAD_ANSWER', 'RATE_LIMITED', 'DATABASE_LOCKED'])).toBe(11);
    expect(exitCodeOf(['HELD', 'ACCESS_REFUSED', 'CONFIG_INVALID'])).toBe(2);
    expect(exitCodeOf(['CONFIG_INVALID', 'UNEXPECTED'])).toBe(1);
  });
});

describe('tables', () => {
  test('line up whatever the width of the characters', () => {
    const rows = [
      ['name', 'n'],
      ['日本', '1'],
      ['a', '1,000'],
    ];
    expect(formatTable(rows, ['left', 'right']).split('\n')).toEqual([
      'name      n',
      '日本      1',
      'a     1,000',
    ]);
  });
});

describe('status', () => {
  test('is a table that names the account and its counts', async () => {
    const served = await serveAccount({ images: 1234 });
    await served.sync();
    const { code, stdout } = await run(['status'], served.env);
    expect(code).toBe(0);
    const [header, row] = stdout.split('\n');
    expect(header).toMatch(/^ACCOUNT +IMAGES +REMOVED +LAST COMPLETE FULL RUN/);
    expect(row).toMatch(/^023e105f4ecef8ad9ca31a8372d0c353 +1,234 +0 .+ago .+complete/);
  });

  test('exits 8 when the last complete run is too old, or there is none', async () => {
    const served = await serveAccount({ images: 5 });
    await served.sync();
    expect((await run(['status', '--max-age', '1d'], served.env)).code).toBe(0);
    expect((await run(['status', '--max-age', '0s'], served.env)).code).toBe(8);
    const other = { ...served.env, CLOUDFLARE_ACCOUNT_ID: 'another' };
    expect((await run(['status', '--max-age', '1d'], other)).code).toBe(8);
  });

  test('an inventory that is not there yet names the next step', async () => {
    const served = await serveAccount();
    const { code, stderr } = await run(['status'], served.env);
    expect(code).toBe(2);
    expect(stderr).toContain('image-inventory sync');
  });

  test('what the API said cannot move the terminal', async () => {
    const served = await serveAccount({ images: 5 });
    await served.sync();
    served.account.upload({ id: 'esc', filename: '\u001b[2J' });
    const { stdout } = await served.sync();

    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });
});

describe('doctor', () => {
  test('finds nothing wrong with a right configuration', async () => {
    const served = await serveAccount({ images: 5 });
    const { code, stdout } = await run(['doctor'], served.env, served.folder);
    expect(code).toBe(0);
    expect(stdout.match(/^✔/gm)).toHaveLength(5);
    expect(stdout).toContain('image-inventory sync');
  });

  test('forgives a token that reads the list but may not verify itself', async () => {
    const served = await serveAccount({ images: 5 });
    served.emulator.faults.add({ name: 'forbidden', path: /tokens\/verify/ });
    const { code, stdout } = await run(['doctor'], served.env, served.folder);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^! token .+yet it reads the list$/m);
  });

  test('tells a beginner what is missing and where to get it', async () => {
    const { code, stdout, stderr } = await run(['doctor']);
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' });
    expect(stdout).toContain('dash.cloudflare.com');
    expect(stdout).toContain('Create Token');
    expect(stdout).toContain('Read');
  });

  test('names an account and its variables as they are configured', async () => {
    const served = await serveAccount({ images: 5 });
    const config = join(served.folder, 'config.json');
    const shop = { id: 'shop-id', name: 'Shop', tokenVariable: 'SHOP_TOKEN' };
    writeFileSync(config, JSON.stringify({ accounts: [shop] }));
    const common = { CLOUDFLARE_ACCOUNT_ID: '', CLOUDFLARE_API_TOKEN: '' };
    const doctor = async (env: Env): Promise<string> =>
      (await run(['doctor', '--config', config], { ...served.env, ...common, ...env })).stdout;
    const missing = await doctor({});
    expect(missing).toContain('Set SHOP_TOKEN');
    expect(missing).toContain('Create Token');
    const wrong = await doctor({ SHOP_TOKEN: 'wrong' });
    expect(wrong).toMatch(/^✖ token of Shop .*\n .*export SHOP_TOKEN=…$/m);
    const stranger = await doctor({ SHOP_TOKEN: served.env['CLOUDFLARE_API_TOKEN'] ?? '' });
    expect(stranger).toMatch(/^✖ account Shop .*\n .*"accounts" in the configuration file/m);
    expect(missing + wrong + stranger).not.toContain('CLOUDFLARE_API_TOKEN');
  });

  test.for([
    {
      what: 'a wrong token',
      env: { CLOUDFLARE_API_TOKEN: 'wrong' },
      code: 6,
      name: `token of ${ACCOUNT}`,
    },
    {
      what: 'a wrong account',
      env: { CLOUDFLARE_ACCOUNT_ID: 'wrong' },
      code: 6,
      name: 'account wrong',
    },
    {
      what: 'no reach',
      env: { CLOUDFLARE_BASE_URL: 'http://127.0.0.1:1' },
      code: 3,
      name: 'reach',
    },
    {
      what: 'a bad setting',
      env: { IMAGE_INVENTORY_PER_PAGE: '5' },
      code: 2,
      name: 'configuration',
    },
    {
      what: 'a bad schedule',
      env: { IMAGE_INVENTORY_SCHEDULE: '61 * * * *' },
      code: 2,
      name: 'configuration',
    },
    { what: 'a bad database', env: { IMAGE_INVENTORY_DB: '/' }, code: 2, name: 'database' },
  ])('names $what', async ({ env, code, name }) => {
    const served = await serveAccount({ images: 5 });
    const finished = await run(['doctor', '--json'], { ...served.env, ...env }, served.folder);
    expect(finished.code).toBe(code);
    const { ok, checks } = JSON.parse(finished.stdout) as {
      ok: boolean;
      checks: { name: string; result: string; mend?: string }[];
    };
    expect(ok).toBe(false);
    const found = checks.find(({ result }) => result === 'failed');
    expect(found).toMatchObject({ name, mend: expect.any(String) as string });
  });
});
