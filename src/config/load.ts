import { safeParse } from 'valibot';
import { Failure } from '../inventory/failure.ts';
import { printable } from '../inventory/printable.ts';
import { accountIds, resolveAccounts, type Account } from './accounts.ts';
import { variable, type Environment } from './environment.ts';
import { DEFAULT_FILE, readConfigFile, type ConfigFile } from './file.ts';
import { resolveObjectStorage, type ObjectStorage } from './object-storage.ts';
import { SETTINGS, type Setting, type SettingKey, type Settings } from './settings.ts';
import { resolveWebhook, WEBHOOK_SECRET, type Webhook } from './webhook.ts';

/** What was said on the command line. */
export interface Flags {
  readonly config?: string | undefined;
  readonly db?: string | undefined;
  readonly logLevel?: string | undefined;
  readonly account?: readonly string[] | undefined;
}

/** The configuration of one process: read once, checked, never changed. */
export interface Config {
  readonly settings: Settings;
  /** The configured accounts' ids; none is no error here. */
  readonly accountIds: readonly string[];
  /** Whether colours are welcome on a terminal: it is no dumb one, and `NO_COLOR` is not set (see no-color.org). */
  readonly color: boolean;
  /** The configured accounts with their credentials; throws what is missing or wrong of them. */
  accounts(): readonly Account[];
  /** Where and how the daemon tells others; `undefined` if it tells nobody. Throws if its secret is missing or wrong. */
  webhook(): Webhook | undefined;
  /** How the storage behind addresses `s3://…` is reached; throws what is missing or wrong of it. */
  objectStorage(): ObjectStorage;
}

const FLAGS: Partial<Record<SettingKey, keyof Flags>> = { database: 'db', 'log.level': 'logLevel' };

/**
 * Reads the configuration: flags win over the environment, the environment over the file, the file
 * over the defaults.
 *
 * @throws Failure `CONFIG_INVALID`, naming the setting, its value and what is allowed.
 */
export function loadConfig(flags: Flags, env: Environment = process.env): Config {
  const named = flags.config ?? variable(env, 'IMAGE_INVENTORY_CONFIG');
  const file = readConfigFile(named ?? DEFAULT_FILE, named !== undefined);
  const values = Object.entries(SETTINGS).map(([key, setting]) => [
    key,
    valueOf(key as SettingKey, setting, flags, env, file),
  ]);
  refuseUnknownVariables(env, file);
  const chosen = flags.account ?? [];
  const settings = Object.freeze(Object.fromEntries(values) as unknown as Settings);
  return Object.freeze({
    settings,
    accountIds: Object.freeze(accountIds(env, file.accounts, chosen)),
    color: variable(env, 'NO_COLOR') === undefined && env['TERM'] !== 'dumb',
    accounts: () => resolveAccounts(env, file.accounts, chosen),
    webhook: () => resolveWebhook(env, settings),
    objectStorage: () => resolveObjectStorage(env, settings),
  });
}

/** What Kubernetes puts into every pod beside a service that is called image-inventory. */
const SERVICE_VARIABLE = /^IMAGE_INVENTORY_(SERVICE_|PORT$|PORT_\d)/;

/** A misspelt variable would otherwise leave a guard at its default without a word. */
function refuseUnknownVariables(env: Environment, { accounts }: ConfigFile): void {
  const ofAccounts = accounts
    .flatMap(({ tokenVariable, emailVariable, keyVariable }) => [
      tokenVariable,
      emailVariable,
      keyVariable,
    ])
    .flatMap((name) => [name, `${name ?? ''}_FILE`]);
  const ofSettings = Object.values(SETTINGS).map(({ env: name }) => name);
  const known = new Set<string | undefined>([
    'IMAGE_INVENTORY_CONFIG',
    WEBHOOK_SECRET,
    `${WEBHOOK_SECRET}_FILE`,
    ...ofSettings,
    ...ofAccounts,
  ]);
  const unknown = Object.keys(env).find(
    (name) =>
      name.startsWith('IMAGE_INVENTORY_') && !known.has(name) && !SERVICE_VARIABLE.test(name),
  );
  if (unknown === undefined) return;
  throw new Failure('CONFIG_INVALID', `there is no setting ${printable(unknown)}`, {
    hint: 'The README lists all variables. Correct or unset it.',
  });
}

function valueOf(
  key: SettingKey,
  setting: Setting,
  flags: Flags,
  env: Environment,
  file: ConfigFile,
): unknown {
  const given = givenValue(key, setting, flags, env, file);
  if (given === undefined) return setting.fallback;
  const { success, output } = safeParse(setting.schema, given.value);
  if (success) return Object.freeze(output);
  const value =
    setting.isPrivate === true ? 'wrong' : shown(given.value, setting.isAddress === true);
  const problem = `${given.source} is ${value}: must be ${setting.allowed}`;
  const fallback =
    setting.fallback === undefined ? 'leave it unset' : 'leave it unset for the default';
  throw new Failure('CONFIG_INVALID', problem, { hint: `Correct it, or ${fallback}.` });
}

/**
 * A refused value as a message may show it: without the secrets that an address should not hold.
 *
 * @param isAddress - Whether it is meant as one, even if it does not look like it.
 */
function shown(value: unknown, isAddress: boolean): string {
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value);
  if (!isAddress && !text.includes('://')) return printable(text).slice(0, 100);
  const address = text
    .replace(/(?<=^"|:\/\/)[^"]*@/, '[secret]@')
    .replace(/(?<=\?).*(?=")/, '[secret]');
  return printable(address).slice(0, 100);
}

interface Given {
  /** How the user knows it: a flag, a variable, or a key of the file. */
  readonly source: string;
  readonly value: unknown;
}

function givenValue(
  key: SettingKey,
  setting: Setting,
  flags: Flags,
  env: Environment,
  file: ConfigFile,
): Given | undefined {
  const flag = FLAGS[key];
  const flagged = flag && flags[flag];
  if (flagged !== undefined) return { source: optionName(flag ?? ''), value: flagged };
  // An empty creator is a value of its own: "creator not set".
  const text = key === 'api.creators' ? env[setting.env] : variable(env, setting.env);
  if (text !== undefined) return { source: setting.env, value: fromText(key, setting, text) };
  if (file.values.has(key)) {
    return { source: `"${key}" in ${file.path}`, value: file.values.get(key) };
  }
  return undefined;
}

function optionName(flag: string): string {
  return `--${flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

const SWITCHES: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

/** A variable's text as the type that the setting has; text that is of no such type stays, to be refused. */
function fromText(key: SettingKey, setting: Setting, text: string): unknown {
  if (key === 'api.creators') return [text];
  if (key === 'webhook.events') return text.split(',').map((event) => event.trim());
  if (typeof setting.fallback === 'boolean') {
    return SWITCHES.get(text.toLowerCase()) ?? text;
  }
  const isNumber = safeParse(setting.schema, text).issues?.[0].expected === 'number';
  return isNumber && /^\s*-?\d+(\.\d+)?\s*$/.test(text) ? Number(text) : text;
}
