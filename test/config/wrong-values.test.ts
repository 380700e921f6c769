import { describe, expect } from 'vitest';
import type { Environment } from '../../src/config/environment.ts';
import { loadConfig } from '../../src/config/load.ts';
import { SETTINGS, type Setting, type SettingKey } from '../../src/config/settings.ts';
import { failureOf } from '../inventory/failure-of.ts';
import { it } from './config-directory.ts';

/** For each setting: a text that its variable may not have, and values that the file may not hold. */
const WRONG: Readonly<Record<SettingKey, { env: string; file: readonly unknown[] }>> = {
  database: { env: 'a\0b', file: ['', 5, null] },
  'api.baseUrl': { env: 'http://example.com/', file: ['ftp://x', 'api.cloudflare.com', 1] },
  'api.version': { env: 'v3', file: ['V1', 1] },
  'api.perPage': { env: '9', file: [10_001, 10.5, '100', true] },
  'api.creators': { env: 'x'.repeat(1025), file: [[], 'ann', [5], [null]] },
  'api.timeoutSeconds': { env: '0', file: [3601, '60', null] },
  'api.maxRetries': { env: '-1', file: [101, 1.5] },
  'api.deadlineSeconds': { env: '2h', file: [-1, 2_592_001] },
  'rateLimit.concurrency': { env: '65', file: [0, '4'] },
  'rateLimit.requests': { env: '1e3', file: [0, 1_000_001] },
  'rateLimit.intervalSeconds': { env: 'five minutes', file: [0, 86_401] },
  'removal.maxFraction': { env: '10%', file: [1.01, -0.1, '0.1'] },
  'removal.maxCount': { env: 'none', file: [-1, 0.5] },
  'removal.confirmRequests': { env: '0', file: [0, 1.5, 'all'] },
  'schedule.full': { env: '@often', file: ['hourly', '* * * *', '* * * * * * *', 60] },
  'schedule.quick': { env: '5m', file: ['', '@reboot', false] },
  'schedule.housekeeping': { env: 'at night', file: ['', 3] },
  'schedule.timezone': { env: 'Mars/Olympus', file: ['Europe', '', 0] },
  'schedule.jitterSeconds': { env: 'some', file: [-1, 3601, '5'] },
  'schedule.runOnStart': { env: 'maybe', file: ['true', 1, null] },
  'http.host': { env: 'h'.repeat(256), file: ['', 127] },
  'http.port': { env: '65536', file: [0, '9464', 80.5] },
  'http.readyMaxAgeSeconds': { env: '2h', file: [0, '60'] },
  'webhook.url': { env: 'http://example.com/hook', file: ['', 'ftp://x', 1] },
  'webhook.events': { env: 'fallen', file: [[], 'failed', ['failed', 'failed']] },
  'retention.days': { env: '0', file: [0, 1.5, '30'] },
  'log.level': { env: 'verbose', file: ['INFO', 30] },
  'log.changes': { env: '1.5', file: [-1, 'all'] },
};

const KEYS = Object.keys(SETTINGS) as SettingKey[];

/** Whether a setting's value may hold a secret, so that it is never shown. */
function isPrivate(key: SettingKey): boolean {
  return (SETTINGS[key] as Setting).isPrivate === true;
}

/** `api.perPage` and 5 as `{"api": {"perPage": 5}}`. */
function document(key: SettingKey, value: unknown): unknown {
  return key.split('.').reduceRight<unknown>((inner, name) => ({ [name]: inner }), value);
}

describe('a wrong value', () => {
  it('has an example here for every setting', () => {
    expect(Object.keys(WRONG).sort()).toEqual(KEYS.toSorted());
  });

  it.for(KEYS)('of %s in the environment is refused', (key, { directory }) => {
    const { env, allowed } = SETTINGS[key];
    const text = WRONG[key].env;
    const failure = failureOf(() => loadConfig({ config: directory.config({}) }, { [env]: text }));
    expect(failure.code).toBe('CONFIG_INVALID');
    expect(failure.message.startsWith(`${env} is `)).toBe(true);
    const shown = text.replace('\0', '\\u0000').slice(0, 60);
    expect(failure.message.includes(shown)).toBe(!isPrivate(key));
    expect(failure.message.endsWith(`: must be ${allowed}`)).toBe(true);
  });

  it.for(KEYS.flatMap((key) => WRONG[key].file.map((value) => [key, value] as const)))(
    'of %s in the file is refused: %j',
    ([key, value], { directory }) => {
      const path = directory.config(document(key, value));
      const failure = failureOf(() => loadConfig({ config: path }, {}));
      const shown = isPrivate(key) ? 'wrong' : JSON.stringify(value);
      expect(failure).toMatchObject({
        code: 'CONFIG_INVALID',
        message: `"${key}" in ${path} is ${shown}: must be ${SETTINGS[key].allowed}`,
      });
    },
  );

  it('of a flag is refused by the name of the flag', ({ directory }) => {
    const config = directory.config({});
    expect(failureOf(() => loadConfig({ config, logLevel: 'loud' }, {})).message).toBe(
      '--log-level is "loud": must be one of fatal, error, warn, info, debug, trace, silent',
    );
    expect(failureOf(() => loadConfig({ config, db: '' }, {})).message).toBe(
      '--db is "": must be the path of a file',
    );
  });

  it('is not excused by a good one of less weight', ({ directory }) => {
    const config = directory.config({ api: { perPage: 500 } });
    const env = { IMAGE_INVENTORY_PER_PAGE: 'many' };
    expect(failureOf(() => loadConfig({ config }, env)).message).toContain('"many"');
  });

  it('of an address is shown without the secrets that it should not hold', ({ directory }) => {
    const refuse = (env: Environment): string =>
      failureOf(() => loadConfig({ config: directory.config({}) }, env)).message;
    for (const env of [
      { CLOUDFLARE_BASE_URL: 'ann:s3cret@example.com/?key=s3cret' },
      { CLOUDFLARE_BASE_URL: 'https://ann-s3cret?s3cret@example.com' },
      { IMAGE_INVENTORY_TIMEZONE: 'https://ann:s3cret@example.com/?key=s3cret' },
    ]) {
      expect(refuse(env)).toMatch(/ is "(https:\/\/)?\[secret\]@example\.com/);
      expect(refuse(env)).not.toContain('s3cret');
    }
    // An @ alone makes no address.
    const env = { IMAGE_INVENTORY_SCHEDULE: 'every day @noon' };
    expect(refuse(env)).toMatch(/^IMAGE_INVENTORY_SCHEDULE is "every day @noon": must be /);
  });

  it.for(['constructor', '__proto__', 'yes', '2'])(
    'of a switch is shown as it was written: %s',
    (text, { directory }) => {
      const env = { IMAGE_INVENTORY_RUN_ON_START: text };
      const failure = failureOf(() => loadConfig({ config: directory.config({}) }, env));
      expect(failure.message).toBe(
        `IMAGE_INVENTORY_RUN_ON_START is "${text}": must be true or false`,
      );
    },
  );

  it.for(['9'.repeat(400), '1e400', 'NaN', 'Infinity', '0x40', '.5', '+5', '1,000', '1_000'])(
    'of a number is never shown as null: %s',
    (text, { directory }) => {
      const env = { IMAGE_INVENTORY_PER_PAGE: text };
      const failure = failureOf(() => loadConfig({ config: directory.config({}) }, env));
      expect(failure.message).toMatch(/^IMAGE_INVENTORY_PER_PAGE is (?!null)./);
    },
  );

  it('beyond what a number can hold is refused in the file too', ({ directory }) => {
    const config = directory.write('huge.json', '{"api":{"timeoutSeconds":1e400}}');
    expect(failureOf(() => loadConfig({ config }, {})).message).toContain('is Infinity: must be');
  });

  it('is shown without the control characters in it', ({ directory }) => {
    const env = { IMAGE_INVENTORY_API: '\u001b[2Jv1\u202e' };
    const failure = failureOf(() => loadConfig({ config: directory.config({}) }, env));
    expect(failure.message).not.toMatch(/\p{Cc}|\p{Bidi_Control}/u);
  });
});
