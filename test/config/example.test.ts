import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readConfigFile } from '../../src/config/file.ts';
import { configJsonSchema } from '../../src/config/json-schema.ts';
import { loadConfig } from '../../src/config/load.ts';
import { SETTINGS } from '../../src/config/settings.ts';

const EXAMPLE = join(import.meta.dirname, '../../config/image-inventory.example.json');

function readExample(): Record<string, unknown> {
  return JSON.parse(readFileSync(EXAMPLE, 'utf8')) as Record<string, unknown>;
}

describe('the example of a configuration file', () => {
  it('holds every key', () => {
    const { values, accounts } = readConfigFile(EXAMPLE, true);
    expect([...values.keys()].toSorted()).toEqual(Object.keys(SETTINGS).toSorted());
    const schema = configJsonSchema() as {
      properties: { accounts: { items: { properties: object } } };
    };
    const known = Object.keys(schema.properties.accounts.items.properties);
    const used = new Set(accounts.flatMap((entry) => Object.keys(entry)));
    expect([...used].toSorted()).toEqual(known.toSorted());
  });

  it('holds the default wherever there is one', () => {
    const { values } = readConfigFile(EXAMPLE, true);
    for (const [key, setting] of Object.entries(SETTINGS)) {
      if ('fallback' in setting)
        expect(values.get(key as keyof typeof SETTINGS)).toEqual(setting.fallback);
    }
  });

  it('loads, with the credentials that it names', () => {
    const env = { SHOP_API_TOKEN: 'token', ARCHIVE_EMAIL: 'a@example.com', ARCHIVE_API_KEY: 'key' };
    const config = loadConfig({ config: EXAMPLE }, env);
    expect(config.settings['http.port']).toBe(9464);
    expect(config.accounts().map(({ name, credentials }) => [name, credentials.kind])).toEqual([
      ['Shop', 'token'],
      ['Archive', 'key'],
    ]);
  });

  it('names the schema beside it, and is valid by it', () => {
    const example = readExample();
    const path = join(EXAMPLE, '..', String(example['$schema']));
    const shipped = JSON.parse(readFileSync(path, 'utf8')) as Parameters<
      typeof z.fromJSONSchema
    >[0];
    const schema = z.fromJSONSchema(shipped);
    expect(schema.safeParse(example).error).toBeUndefined();
    expect(schema.safeParse({ ...example, api: { perPage: 5 } }).success).toBe(false);
    expect(schema.safeParse({ ...example, api: { pageSize: 50 } }).success).toBe(false);
    expect(schema.safeParse({ ...example, accounts: [{ name: 'no id' }] }).success).toBe(false);
  });
});
