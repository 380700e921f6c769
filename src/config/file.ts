import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import * as v from 'valibot';
import { Failure, messageOf } from '../inventory/failure.ts';
import { isObject } from '../inventory/json-text.ts';
import { ACCOUNT_ID, wrongAccountId, type AccountEntry } from './accounts.ts';
import { SETTINGS, type SettingKey } from './settings.ts';

/** The file that is read when neither `--config` nor `IMAGE_INVENTORY_CONFIG` names one. */
export const DEFAULT_FILE = 'config/image-inventory.json';

const TEXT = v.string('it must be a text');

/** In capitals only, so that a token or key written here by mistake is refused rather than shown. */
const variable = v.pipe(
  TEXT,
  v.regex(/^[A-Z_][A-Z0-9_]*$/, 'must be the name of an environment variable, in capitals'),
);

/** One element of `accounts`. No message is the library's own: those quote what they refuse, which may be a secret. */
const ACCOUNT_SCHEMA = v.strictObject(
  {
    id: v.pipe(
      TEXT,
      v.regex(ACCOUNT_ID, ({ input }) => `it ${wrongAccountId(input)}`),
      v.description('The account id.'),
    ),
    name: v.optional(
      v.pipe(TEXT, v.minLength(1, 'it is empty'), v.description('What people call it.')),
    ),
    tokenVariable: v.optional(
      v.pipe(
        variable,
        v.description('The variable that holds its API token, if not CLOUDFLARE_API_TOKEN.'),
      ),
    ),
    emailVariable: v.optional(
      v.pipe(
        variable,
        v.description('The variable that holds its e-mail, if not CLOUDFLARE_EMAIL.'),
      ),
    ),
    keyVariable: v.optional(
      v.pipe(
        variable,
        v.description('The variable that holds its API key, if not CLOUDFLARE_API_KEY.'),
      ),
    ),
  },
  wrongAccount,
);

/** The value of `accounts`. */
export const ACCOUNTS_SCHEMA = v.pipe(
  v.array(ACCOUNT_SCHEMA, 'it must be a list'),
  v.check(
    (entries) => new Set(entries.map(({ id }) => id)).size === entries.length,
    'two of them have the same id',
  ),
);

/** What is wrong with an account, or with one of its keys. */
function wrongAccount({ expected }: v.StrictObjectIssue): string {
  if (expected === 'Object') return 'it must be an object';
  return expected === 'never' ? 'there is no such key' : 'it is missing';
}

/** What a configuration file says: its settings, flat and not yet checked, and its accounts. */
export interface ConfigFile {
  /** As the user named it, for messages. */
  readonly path: string;
  readonly values: ReadonlyMap<SettingKey, unknown>;
  readonly accounts: readonly AccountEntry[];
}

/**
 * Reads a configuration file.
 *
 * @param path - The file; a missing one is an error only when `isRequired`.
 * @throws Failure `CONFIG_INVALID`, naming the file and the key.
 */
export function readConfigFile(path: string, isRequired: boolean): ConfigFile {
  const text = readText(path, isRequired);
  if (text === undefined) return { path, values: new Map(), accounts: [] };
  const document = parse(text, path);
  const { accounts = [], ...settings } = document;
  delete settings['$schema'];
  return {
    path,
    values: new Map(flatten(settings, '', path)),
    accounts: readAccounts(accounts, path),
  };
}

function readText(path: string, isRequired: boolean): string | undefined {
  try {
    return readFileSync(resolve(path), 'utf8');
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (isMissing && !isRequired) return undefined;
    throw invalid(path, `it cannot be read: ${messageOf(error)}`, error);
  }
}

function parse(text: string, path: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // The parser quotes the text, which by mistake may hold a secret.
    const problem = messageOf(error).replace(/, (\.{3})?".*/s, '');
    throw invalid(path, `it is not JSON: ${problem}`);
  }
  if (!isObject(value)) throw invalid(path, 'it must be a JSON object');
  return value;
}

/** `{"api": {"perPage": 500}}` as `["api.perPage", 500]`; a key that is no setting is an error. */
function* flatten(
  object: Record<string, unknown>,
  prefix: string,
  path: string,
): Generator<[SettingKey, unknown]> {
  for (const [name, value] of Object.entries(object)) {
    const key = prefix + name;
    if (isSettingKey(key) && !name.includes('.')) yield [key, value];
    else if (isSection(key) && isObject(value)) yield* flatten(value, `${key}.`, path);
    else if (isSection(key)) throw invalid(path, `"${key}" must be an object`);
    else throw invalid(path, `there is no setting "${key}"`);
  }
}

function isSettingKey(key: string): key is SettingKey {
  return Object.hasOwn(SETTINGS, key);
}

function isSection(key: string): boolean {
  return Object.keys(SETTINGS).some((setting) => setting.startsWith(`${key}.`));
}

function readAccounts(value: unknown, path: string): readonly AccountEntry[] {
  const { success, output, issues } = v.safeParse(ACCOUNTS_SCHEMA, value);
  if (success) return output;
  const place = v.getDotPath(issues[0]);
  const where = place === null ? 'accounts' : `accounts.${place}`;
  throw invalid(path, `"${where}" is wrong: ${issues[0].message}`);
}

function invalid(path: string, problem: string, cause?: unknown): Failure {
  return new Failure('CONFIG_INVALID', `the configuration file ${path} is wrong: ${problem}`, {
    hint: 'config/image-inventory.example.json shows every key.',
    cause,
  });
}
