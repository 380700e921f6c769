import { describe, expect } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { failureOf } from '../inventory/failure-of.ts';
import { it } from './config-directory.ts';

describe('a key of the file that is no setting', () => {
  it.for<[string, string]>([
    ['{"dataBase":"x.db"}', 'there is no setting "dataBase"'],
    ['{"":1}', 'there is no setting ""'],
    ['{"__proto__":{}}', 'there is no setting "__proto__"'],
    ['{"toString":1}', 'there is no setting "toString"'],
    ['{"api":{"pageSize":5}}', 'there is no setting "api.pageSize"'],
    ['{"api":{"__proto__":5}}', 'there is no setting "api.__proto__"'],
    ['{"api":{"api":{"perPage":50}}}', 'there is no setting "api.api"'],
    ['{"api":{"perPage":50},"http":{"prot":1}}', 'there is no setting "http.prot"'],
    // The JSON Schema has levels, not dots; the loader takes nothing that the schema refuses.
    ['{"api.perPage":50}', 'there is no setting "api.perPage"'],
    ['{"api":{"$schema":"x"}}', 'there is no setting "api.$schema"'],
  ])('is refused by its name: %s', ([text, problem], { directory }) => {
    const path = directory.write('config.json', text);
    const failure = failureOf(() => loadConfig({ config: path }, {}));
    expect(failure).toMatchObject({
      code: 'CONFIG_INVALID',
      message: `the configuration file ${path} is wrong: ${problem}`,
    });
    expect(failure.hint).toContain('image-inventory.example.json');
  });

  it.for(['5', 'null', '[]', '"x"'])(
    'is refused where a section should be: %s',
    (value, { directory }) => {
      const config = directory.write('config.json', `{"api":${value}}`);
      expect(failureOf(() => loadConfig({ config }, {})).message).toMatch(
        /"api" must be an object$/,
      );
    },
  );

  it.for(['{"id":"a","token":"x"}', '{"id":"a","__proto__":{}}'])(
    'is refused in an account: %s',
    (entry, { directory }) => {
      const config = directory.write('config.json', `{"accounts":[{"id":"b"},${entry}]}`);
      const failure = failureOf(() => loadConfig({ config }, {}));
      expect(failure.message).toMatch(
        /"accounts\.1\.(token|__proto__)" is wrong: there is no such key$/,
      );
    },
  );

  it('is not $schema, which editors want', ({ directory }) => {
    const config = directory.config({ $schema: './image-inventory.schema.json', database: 'x.db' });
    expect(loadConfig({ config }, {}).settings.database).toBe('x.db');
  });
});

describe('a variable that looks like a setting and is none', () => {
  it('is refused by its name, since a guard would otherwise stay at its default', ({
    directory,
  }) => {
    const config = directory.config({});
    const failure = failureOf(() =>
      loadConfig({ config }, { IMAGE_INVENTORY_REMOVAL_MAXCOUNT: '5' }),
    );
    expect(failure).toMatchObject({
      code: 'CONFIG_INVALID',
      message: 'there is no setting IMAGE_INVENTORY_REMOVAL_MAXCOUNT',
    });
  });

  it('may be what an account names, or what Kubernetes adds for a service', ({ directory }) => {
    const config = directory.config({
      accounts: [{ id: 'a', tokenVariable: 'IMAGE_INVENTORY_TOKEN_A' }],
    });
    const env = {
      IMAGE_INVENTORY_TOKEN_A: 't',
      IMAGE_INVENTORY_SERVICE_HOST: '10.0.0.1',
      IMAGE_INVENTORY_PORT: 'tcp://10.0.0.1:9464',
      IMAGE_INVENTORY_PORT_9464_TCP_ADDR: '10.0.0.1',
    };
    expect(loadConfig({ config }, env).accounts()).toHaveLength(1);
  });

  it('is no concern of this program when it belongs to another', ({ directory }) => {
    const env = { CLOUDFLARE_API_BASE_URL: 'x', IMAGES: 'y' };
    expect(() => loadConfig({ config: directory.config({}) }, env)).not.toThrow();
  });
});
