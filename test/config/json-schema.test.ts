import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';
import { configJsonSchema } from '../../src/config/json-schema.ts';
import { SETTINGS } from '../../src/config/settings.ts';

const SCHEMA_FILE = '../../config/image-inventory.schema.json';

/** The parts of a JSON Schema that these tests look at. */
interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean;
}

const schema = configJsonSchema() as Schema;

/** Every schema of an object in a schema, with where it stands. */
function objects(part: Schema, at = 'the file'): [string, Schema][] {
  const inner = Object.entries(part.properties ?? {}).flatMap(([name, value]) =>
    objects(value, `${at}.${name}`),
  );
  const items = part.items === undefined ? [] : objects(part.items, `${at}[]`);
  return part.type === 'object' ? [[at, part], ...inner, ...items] : [...inner, ...items];
}

/** The section that a setting's key stands in; none for one at the top. */
function sectionOf(key: string): string[] {
  return key.includes('.') ? [key.replace(/\..*/, '')] : [];
}

describe('the JSON Schema of the configuration file', () => {
  // After a change of the settings, `vitest run -u` writes the file anew.
  it('is the one that is shipped', async () => {
    const style = await resolveConfig(new URL(SCHEMA_FILE, import.meta.url));
    const text = await format(JSON.stringify(schema, null, 2), { ...style, parser: 'json' });
    await expect(text).toMatchFileSnapshot(SCHEMA_FILE);
  });

  it('is of draft 2020-12 and lets a file name its schema', () => {
    expect(schema).toHaveProperty('$schema', 'https://json-schema.org/draft/2020-12/schema');
    expect(schema.properties?.['$schema']?.type).toBe('string');
  });

  it.each(Object.entries(SETTINGS))('describes %s, with its default', (key, setting) => {
    const found = key
      .split('.')
      .reduce<Schema | undefined>((part, name) => part?.properties?.[name], schema);
    expect(found?.description).toBe(setting.describe);
    expect(found?.default).toEqual('fallback' in setting ? setting.fallback : undefined);
  });

  it('has no other keys than the settings and the accounts', () => {
    const keys = objects(schema)
      .filter(([at]) => !at.includes('[]'))
      .flatMap(([at, { properties }]) => Object.keys(properties ?? {}).map((key) => `${at}.${key}`))
      .map((key) => key.replace('the file.', ''));
    const sections = [...new Set(Object.keys(SETTINGS).flatMap(sectionOf))];
    const expected = [...Object.keys(SETTINGS), ...sections, 'accounts', '$schema'];
    expect(keys.toSorted()).toEqual(expected.toSorted());
  });

  it('refuses unknown keys at every level', () => {
    const levels = objects(schema);
    expect(levels.length).toBeGreaterThan(7);
    for (const [at, level] of levels) expect(level.additionalProperties, at).toBe(false);
  });

  it('requires nothing but the id of an account', () => {
    const required = objects(schema).flatMap(([at, level]) =>
      (level.required ?? []).map((name) => `${at}.${name}`),
    );
    expect(required).toEqual(['the file.accounts[].id']);
  });
});
