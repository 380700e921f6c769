import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect } from 'vitest';
import type { Environment } from '../../src/config/environment.ts';
import { loadConfig } from '../../src/config/load.ts';
import { SETTINGS, type SettingKey } from '../../src/config/settings.ts';
import { it } from './config-directory.ts';

describe('a setting', () => {
  it('has its default when nothing is said', ({ directory }) => {
    const { settings } = loadConfig({ config: directory.config({}) }, {});
    for (const [key, setting] of Object.entries(SETTINGS)) {
      const fallback: unknown = 'fallback' in setting ? setting.fallback : undefined;
      expect(settings[key as SettingKey]).toBe(fallback);
    }
  });

  it.for<[SettingKey, object, unknown, string, unknown]>([
    ['api.perPage', { api: { perPage: 50 } }, 50, '60', 60],
    ['api.version', { api: { version: 'v1' } }, 'v1', 'v2', 'v2'],
    ['api.creators', { api: { creators: ['ann', ''] } }, ['ann', ''], 'bob', ['bob']],
    ['api.timeoutSeconds', { api: { timeoutSeconds: 1.5 } }, 1.5, '2.5', 2.5],
    ['api.deadlineSeconds', { api: { deadlineSeconds: 0 } }, 0, ' 90 ', 90],
    ['removal.maxFraction', { removal: { maxFraction: 1 } }, 1, '0', 0],
    ['schedule.runOnStart', { schedule: { runOnStart: false } }, false, 'TRUE', true],
    ['schedule.runOnStart', { schedule: { runOnStart: true } }, true, '0', false],
    ['http.port', { http: { port: 9464 } }, 9464, '80', 80],
    ['log.level', { log: { level: 'warn' } }, 'warn', 'trace', 'trace'],
    ['database', { database: 'file.db' }, 'file.db', '12', '12'],
  ])(
    '%s: the environment wins over the file',
    ([key, document, inFile, text, inEnv], { directory }) => {
      const config = directory.config(document);
      expect(loadConfig({ config }, {}).settings[key]).toEqual(inFile);
      const env = { [SETTINGS[key].env]: text };
      expect(loadConfig({ config }, env).settings[key]).toEqual(inEnv);
    },
  );

  it('takes a flag before all else', ({ directory }) => {
    const config = directory.config({ database: 'file.db', log: { level: 'warn' } });
    const env = { IMAGE_INVENTORY_DB: 'env.db', IMAGE_INVENTORY_LOG_LEVEL: 'error' };
    const { settings } = loadConfig({ config, db: 'flag.db', logLevel: 'debug' }, env);
    expect([settings.database, settings['log.level']]).toEqual(['flag.db', 'debug']);
  });

  it('counts a variable that is set but empty as not set', ({ directory }) => {
    const empty = Object.entries(SETTINGS)
      .filter(([key]) => key !== 'api.creators')
      .map(([, setting]) => [setting.env, '']);
    const config = directory.config({ api: { perPage: 50 } });
    const { settings } = loadConfig({ config }, Object.fromEntries(empty) as Environment);
    expect(settings['api.perPage']).toBe(50);
    expect(settings['http.port']).toBeUndefined();
    expect(settings.database).toBe(SETTINGS.database.fallback);
  });

  it('takes an empty IMAGE_INVENTORY_CREATOR for "creator not set"', ({ directory }) => {
    const config = directory.config({ api: { creators: ['ann'] } });
    const env = { IMAGE_INVENTORY_CREATOR: '' };
    expect(loadConfig({ config }, env).settings['api.creators']).toEqual(['']);
  });
});

describe('the configuration file', () => {
  it('is the one of --config before the one of IMAGE_INVENTORY_CONFIG', ({ directory }) => {
    const flagged = directory.write('flag.json', '{"database":"flag.db"}');
    const env = { IMAGE_INVENTORY_CONFIG: directory.write('env.json', '{"database":"env.db"}') };
    expect(loadConfig({}, env).settings.database).toBe('env.db');
    expect(loadConfig({ config: flagged }, env).settings.database).toBe('flag.db');
  });

  it('is config/image-inventory.json when none is named and it is there', ({ directory }) => {
    // Needs a working directory and an environment of its own, hence a process of its own.
    const loader = pathToFileURL(join(import.meta.dirname, '../../src/config/load.ts')).href;
    const script = `const { loadConfig } = await import(${JSON.stringify(loader)});
      console.log(JSON.stringify(loadConfig({}).settings));`;
    const load = (): Record<string, unknown> => {
      const args = ['--input-type=module', '--eval', script];
      const env = { PATH: process.env['PATH'], IMAGE_INVENTORY_PER_PAGE: '77' };
      const output = execFileSync(process.execPath, args, { cwd: directory.path, env });
      return JSON.parse(output.toString()) as Record<string, unknown>;
    };
    expect(load()).toMatchObject({ database: './data/inventory.db', 'api.perPage': 77 });
    mkdirSync(join(directory.path, 'config'));
    directory.write('config/image-inventory.json', '{"database":"there.db"}');
    expect(load()).toMatchObject({ database: 'there.db', 'api.perPage': 77 });
  });
});

describe('the configuration', () => {
  it('welcomes colours unless NO_COLOR is set and not empty', ({ directory }) => {
    const config = directory.config({});
    expect(loadConfig({ config }, {}).color).toBe(true);
    expect(loadConfig({ config }, { NO_COLOR: '' }).color).toBe(true);
    expect(loadConfig({ config }, { NO_COLOR: '1' }).color).toBe(false);
  });

  it('cannot be changed', ({ directory }) => {
    const document = { api: { creators: ['ann'] }, accounts: [{ id: 'a' }] };
    const config = loadConfig({ config: directory.config(document) }, {});
    expect(() => Object.assign(config, { color: false })).toThrow(TypeError);
    expect(() => Object.assign(config.settings, { database: 'x' })).toThrow(TypeError);
    expect(() => config.settings['api.creators']?.push('bob')).toThrow(TypeError);
    expect(Object.isFrozen(config.accountIds)).toBe(true);
  });
});
