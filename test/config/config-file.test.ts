import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { readConfigFile } from '../../src/config/file.ts';
import { loadConfig } from '../../src/config/load.ts';
import { failureOf } from '../inventory/failure-of.ts';
import { it } from './config-directory.ts';

describe('a configuration file', () => {
  it('may be missing only when nobody named it', ({ directory }) => {
    const path = join(directory.path, 'none.json');
    expect(readConfigFile(path, false)).toEqual({ path, values: new Map(), accounts: [] });
    for (const load of [
      () => readConfigFile(path, true),
      () => loadConfig({ config: path }, {}),
      () => loadConfig({}, { IMAGE_INVENTORY_CONFIG: path }),
    ]) {
      const failure = failureOf(load);
      expect(failure.code).toBe('CONFIG_INVALID');
      expect(failure.message).toContain(
        `the configuration file ${path} is wrong: it cannot be read`,
      );
      expect(failure.message).toContain('ENOENT');
    }
  });

  it('may not be a directory, named or not', ({ directory }) => {
    for (const isRequired of [true, false]) {
      const failure = failureOf(() => readConfigFile(directory.path, isRequired));
      expect(failure.code).toBe('CONFIG_INVALID');
      expect(failure.message).toContain('EISDIR');
    }
  });

  it.for(['', '{', '{"database":"x",}', '// hello\n{}', '{"database":x}', "{'database':'x'}"])(
    'must be JSON, which this is not: %j',
    (text, { directory }) => {
      const path = directory.write('config.json', text);
      const failure = failureOf(() => loadConfig({ config: path }, {}));
      expect(failure.code).toBe('CONFIG_INVALID');
      expect(failure.message).toContain(`${path} is wrong: it is not JSON: `);
    },
  );

  it.for(['null', '[]', '5', '"x"', 'true'])('must be an object, not %s', (text, { directory }) => {
    const config = directory.write('config.json', text);
    expect(failureOf(() => loadConfig({ config }, {})).message).toMatch(/must be a JSON object$/);
  });

  it.for([
    'null',
    '5',
    '{}',
    '["a"]',
    '[{}]',
    '[{"id":""}]',
    '[{"id":"a b"}]',
    '[{"id":"a","name":""}]',
  ])('must hold a list of accounts, not %s', (accounts, { directory }) => {
    const config = directory.write('config.json', `{"accounts":${accounts}}`);
    const failure = failureOf(() => loadConfig({ config }, {}));
    expect(failure.code).toBe('CONFIG_INVALID');
    expect(failure.message).toMatch(/"accounts(\.0)?(\.id|\.name)?" is wrong: ./);
  });

  it.for([
    ['"s3cret"', '"accounts" is wrong: it must be a list'],
    ['["s3cret"]', '"accounts.0" is wrong: it must be an object'],
    ['[{"name":"s3cret"}]', '"accounts.0.id" is wrong: it is missing'],
    ['[{"id":["s3cret"]}]', '"accounts.0.id" is wrong: it must be a text'],
    ['[{"id":"a","name":["s3cret"]}]', '"accounts.0.name" is wrong: it must be a text'],
    [
      '[{"id":"a","tokenVariable":"s3cret"}]',
      '"accounts.0.tokenVariable" is wrong: must be the name of an environment variable, in capitals',
    ],
  ] as const)('says what is wrong without showing it: %s', ([accounts, problem], { directory }) => {
    const config = directory.write('config.json', `{"accounts":${accounts}}`);
    expect(failureOf(() => loadConfig({ config }, {})).message).toBe(
      `the configuration file ${config} is wrong: ${problem}`,
    );
  });

  it('shows an account id that is none, and says what is allowed', ({ directory }) => {
    const config = directory.config({ accounts: [{ id: 'a/b' }] });
    expect(failureOf(() => loadConfig({ config }, {})).message).toMatch(
      /"accounts\.0\.id" is wrong: it is "a\/b": must be an account id, of letters and digits$/,
    );
  });

  it('may not describe one account twice', ({ directory }) => {
    const config = directory.config({
      accounts: [{ id: 'a' }, { id: 'b' }, { id: 'a', name: 'A' }],
    });
    expect(failureOf(() => loadConfig({ config }, {})).message).toMatch(
      /"accounts" is wrong: two of them have the same id$/,
    );
  });

  it('is flat and unchecked once it is read', ({ directory }) => {
    const document = { database: 5, api: { perPage: 'x' }, accounts: [{ id: 'a', name: 'A' }] };
    const file = readConfigFile(directory.config(document), true);
    expect([...file.values]).toEqual([
      ['database', 5],
      ['api.perPage', 'x'],
    ]);
    expect(file.accounts).toEqual([{ id: 'a', name: 'A' }]);
  });
});
