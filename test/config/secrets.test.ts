import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect } from 'vitest';
import { secretVariable, type Environment } from '../../src/config/environment.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Failure } from '../../src/inventory/failure.ts';
import { failureOf } from '../inventory/failure-of.ts';
import { it, type ConfigDirectory } from './config-directory.ts';

const NAME = 'CLOUDFLARE_API_TOKEN';
const SECRET = 'cfut_Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9v';

describe('a secret', () => {
  it('is read from its variable', () => {
    expect(secretVariable({ [NAME]: SECRET }, NAME)?.reveal()).toBe(SECRET);
  });

  it('is read from the file that NAME_FILE names, without the white space around it', ({
    directory,
  }) => {
    const file = directory.write('token', `\n ${SECRET}\r\n`);
    expect(secretVariable({ [`${NAME}_FILE`]: file }, NAME)?.reveal()).toBe(SECRET);
    expect(secretVariable({ [`${NAME}_FILE`]: file, [NAME]: '' }, NAME)?.reveal()).toBe(SECRET);
  });

  it('is absent when nothing is set, or set but empty', () => {
    expect(secretVariable({}, NAME)).toBeUndefined();
    expect(secretVariable({ [NAME]: '', [`${NAME}_FILE`]: '' }, NAME)).toBeUndefined();
    expect(secretVariable({ [NAME]: SECRET }, undefined)).toBeUndefined();
  });

  it('may not come from both', ({ directory }) => {
    const file = directory.write('token', SECRET);
    const failure = failureOf(() =>
      secretVariable({ [NAME]: SECRET, [`${NAME}_FILE`]: file }, NAME),
    );
    expect(failure).toMatchObject({
      code: 'CONFIG_INVALID',
      message: `both ${NAME} and ${NAME}_FILE are set`,
    });
  });

  const wrong = [
    `${SECRET}\n`,
    ` ${SECRET}`,
    `${SECRET}\r\nX-Evil: 1`,
    `${SECRET}\0`,
    `${SECRET}é`,
  ];
  it.for([...wrong, `"${SECRET}"`, `'${SECRET}'`])(
    'may not hold what no header can carry, nor quotes around it: %j',
    (value) => {
      const failure = failureOf(() => secretVariable({ [NAME]: value }, NAME));
      expect(failure.code).toBe('CONFIG_INVALID');
      expect(failure.message).toMatch(/^CLOUDFLARE_API_TOKEN holds a value with quotes, spaces/);
    },
  );

  it('may not come from a file that is empty, missing or of two lines', ({ directory }) => {
    const read = (file: string): Failure =>
      failureOf(() => secretVariable({ [`${NAME}_FILE`]: file }, NAME));
    expect(read(directory.write('empty', '\n')).message).toBe(
      `the file that ${NAME}_FILE names is empty`,
    );
    expect(read(directory.write('two', `${SECRET}\n${SECRET}`)).message).toMatch(
      /^the file that CLOUDFLARE_API_TOKEN_FILE names holds a value with quotes, spaces/,
    );
    const missing = read(join(directory.path, 'none'));
    expect(missing.message).toBe(`${NAME}_FILE names a file that cannot be read: ENOENT`);
    expect(read(directory.path).message).toMatch(/EISDIR$/);
  });
});

/** Every mistake that brings a secret near an error. */
const MISTAKES: Readonly<Record<string, (directory: ConfigDirectory) => [object, Environment]>> = {
  'a token with a line break': () => [{}, { [NAME]: `${SECRET}\n` }],
  'both kinds of credentials': () => [{}, { [NAME]: SECRET, CLOUDFLARE_API_KEY: SECRET }],
  'half a pair': () => [{}, { CLOUDFLARE_API_KEY: SECRET }],
  'the variable and its file': (directory) => [
    {},
    { [NAME]: SECRET, [`${NAME}_FILE`]: directory.write('token', SECRET) },
  ],
  'a file of two lines': (directory) => [
    {},
    { [`${NAME}_FILE`]: directory.write('token', `${SECRET}\n${SECRET}`) },
  ],
  'the token instead of its file': () => [{}, { [`${NAME}_FILE`]: SECRET }],
  'the token instead of its variable': () => [
    { accounts: [{ id: 'a', tokenVariable: SECRET }] },
    {},
  ],
  'the key instead of its variable': () => [
    { accounts: [{ id: 'a', emailVariable: 'E', keyVariable: SECRET.toLowerCase() }] },
    {},
  ],
  'the token among the settings': () => [{ api: { token: SECRET } }, {}],
  'the token in an account': () => [{ accounts: [{ id: 'a', token: SECRET }] }, {}],
  'a password in the address': () => [
    {},
    { CLOUDFLARE_BASE_URL: `https://me:${SECRET}@example.com` },
  ],
  'a password in an address that is none': () => [
    {},
    { CLOUDFLARE_BASE_URL: `https://me:a/${SECRET}@example.com` },
  ],
  'a password in the address in the file': () => [
    { api: { baseUrl: `http://me:${SECRET}@example.com` } },
    {},
  ],
  'the token as the configuration file': (directory) => [
    {},
    { [NAME]: SECRET, IMAGE_INVENTORY_CONFIG: directory.write('token', SECRET) },
  ],
  'the token in a file that is no JSON': (directory) => [
    {},
    { IMAGE_INVENTORY_CONFIG: directory.write('broken.json', `{"token": ${SECRET}}`) },
  ],
};

describe('the error of a mistake', () => {
  it.for(Object.keys(MISTAKES))('never shows the secret: %s', (mistake, { directory }) => {
    const [document, env] = MISTAKES[mistake]?.(directory) ?? [{}, {}];
    const config = 'IMAGE_INVENTORY_CONFIG' in env ? undefined : directory.config(document);
    const account = 'accounts' in document ? undefined : ['a'];
    const failure = failureOf(() => loadConfig({ config, account }, env).accounts());
    expect(failure.code).toBe('CONFIG_INVALID');
    // With its stack and its cause, as a debug log has it. A part of a secret is too much as well.
    const everything = inspect(failure, { depth: null, showHidden: true }).toLowerCase();
    expect(everything).not.toContain(SECRET.slice(0, 9).toLowerCase());
    expect(everything).not.toContain(SECRET.slice(-9).toLowerCase());
  });
});
