import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { loadConfig } from '../../src/config/load.ts';
import { temporaryFolder } from '../support/folder.ts';
import { read, ROOT } from './files.ts';
import { SECRET_VALUES, VARIABLES } from './variables.ts';

const FOLDER = 'deploy/systemd';
const UNIT = read(`${FOLDER}/image-inventory.service`);
const README = read('deploy/README.md');
/** Where deploy/README.md puts the checkout. */
const INSTALLED = '/opt/image-inventory/';
const environment = Object.fromEntries(
  [...read(`${FOLDER}/environment.example`).matchAll(/^(\w+)=(.+)$/gm)].map(
    ([, name = '', value = '']) => [name, value],
  ),
);

/** What the unit says of a key; `undefined` if it says nothing. */
function setting(key: string): string | undefined {
  return new RegExp(`^${key}=(.*)$`, 'm').exec(UNIT)?.[1];
}

describe('image-inventory.service', () => {
  test('starts the program itself, by a command that it has', () => {
    const [node, file = '', command, ...rest] = setting('ExecStart')?.split(' ') ?? [];
    expect([node, rest]).toEqual(['/usr/bin/node', []]);
    const { bin } = JSON.parse(read('package.json')) as { bin: Record<string, string> };
    expect(file).toBe(INSTALLED + (bin['image-inventory'] ?? ''));
    expect(
      existsSync(join(ROOT, file.slice(INSTALLED.length).replace(/^dist(.*)js$/, 'src$1ts'))),
    ).toBe(true);
    expect(createProgram(() => undefined).commands.map((known) => known.name())).toContain(command);
    expect(README).toContain(` ${INSTALLED.slice(0, -1)} `);
  });

  test('reads its configuration again by SIGHUP, and gives the daemon time to end', () => {
    expect(setting('ExecReload')).toBe('/bin/kill -HUP $MAINPID');
    expect(Number(setting('TimeoutStopSec'))).toBeGreaterThan(5);
    // The daemon ends with it after SIGTERM, which is no failure.
    expect(setting('SuccessExitStatus')).toBe('143');
    expect(setting('RestartPreventExitStatus')).toBe('2');
  });

  test('may write its database’s folder, and no other', () => {
    const folder = `/var/lib/${setting('StateDirectory') ?? ''}`;
    expect(setting('ProtectSystem')).toBe('strict');
    expect(setting('WorkingDirectory')).toBe(folder);
    expect(setting('ReadWritePaths')).toBeUndefined();
    expect(environment['IMAGE_INVENTORY_DB']).toBe(`${folder}/inventory.db`);
    expect(environment['SQLITE_TMPDIR']).toBe(folder);
  });

  test('its files and its user are those that the README makes', () => {
    for (const path of [setting('EnvironmentFile'), environment['CLOUDFLARE_API_TOKEN_FILE']]) {
      expect(README).toContain(` ${path ?? ''}\n`);
    }
    expect(README).toMatch(new RegExp(`^sudo useradd .* ${setting('User') ?? ''}$`, 'm'));
    expect(README).toContain(`${FOLDER}/image-inventory.service /etc/systemd/system/`);
  });

  test('systemd knows every key of it', ({ skip }) => {
    const file = join(temporaryFolder(), 'image-inventory.service');
    writeFileSync(file, UNIT.replace('/usr/bin/node', process.execPath));
    const { error, status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', file], {
      encoding: 'utf8',
    });
    if (error !== undefined) return skip('systemd is not on this machine');
    // It tells of an unknown key, and is content all the same.
    expect({ status, said: stdout + stderr }).toEqual({ status: 0, said: '' });
  });
});

test('the environment’s example loads, and holds no secret', () => {
  for (const name of Object.keys(environment).filter((each) => each !== 'SQLITE_TMPDIR')) {
    expect(VARIABLES).toContain(name);
    expect(SECRET_VALUES).not.toContain(name);
  }
  const { settings, accountIds } = loadConfig({}, environment);
  expect(accountIds).toHaveLength(1);
  expect(settings['http.port']).toBe(9464);
});
