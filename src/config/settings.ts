import * as v from 'valibot';

/**
 * Every setting once: where it stands in the file, its environment variable, what it may be and its
 * default. The loader, the JSON Schema and the README's table all come from here.
 */
export interface Setting<Schema extends v.GenericSchema = v.GenericSchema> {
  readonly env: string;
  readonly schema: Schema;
  /** What is allowed, as a phrase that ends the sentence "must be …". */
  readonly allowed: string;
  readonly describe: string;
  /** Whether its value may hold a secret, as addresses of webhooks do; a wrong one is then not shown. */
  readonly isPrivate?: boolean;
  /** Whether it is an address; a wrong one is shown without the secrets that it should not hold. */
  readonly isAddress?: boolean;
  /** In the unit that the setting's name says; absent when there is no value unless one is given. */
  readonly fallback?: v.InferOutput<Schema>;
}

type Check<Value> = Pick<Setting<v.GenericSchema<Value>>, 'schema' | 'allowed'>;

function whole(min: number, max: number): Check<number> {
  const schema = v.pipe(v.number(), v.integer(), v.minValue(min), v.maxValue(max));
  return { schema, allowed: `a whole number from ${min} to ${max}` };
}

function between(min: number, max: number): v.GenericSchema<number> {
  return v.pipe(v.number(), v.minValue(min), v.maxValue(max));
}

const DAY_S = 86_400;

const SCHEDULE = {
  schema: v.pipe(
    v.string(),
    v.regex(/^(@(yearly|annually|monthly|weekly|daily|midnight|hourly)|\S+(\s+\S+){4,5})$/),
  ),
  allowed:
    'a cron expression of five or six fields, or @hourly, @daily, @midnight, @weekly, @monthly, @yearly or @annually',
};

/** The settings by their key in the configuration file. */
export const SETTINGS = {
  database: {
    env: 'IMAGE_INVENTORY_DB',
    schema: v.pipe(
      v.string(),
      v.minLength(1),
      v.check((path) => !path.includes('\0')),
    ),
    allowed: 'the path of a file',
    describe: 'The SQLite file of the inventory.',
    fallback: './data/inventory.db',
  },
  'api.baseUrl': {
    env: 'CLOUDFLARE_BASE_URL',
    schema: v.pipe(v.string(), v.check(isSafeAddress)),
    allowed: 'an https address without query or credentials (plain http only for this machine)',
    isAddress: true,
    describe: 'Where the API is.',
    fallback: 'https://api.cloudflare.com/client/v4',
  },
  'api.version': {
    env: 'IMAGE_INVENTORY_API',
    schema: v.picklist(['v1', 'v2']),
    allowed: 'v1 or v2',
    describe: 'Which list of the API is read: v1 by page numbers, v2 by continuation tokens.',
    fallback: 'v1',
  },
  'api.perPage': {
    env: 'IMAGE_INVENTORY_PER_PAGE',
    ...whole(10, 10_000),
    describe: 'Images asked for in one page.',
    fallback: 1000,
  },
  'api.creators': {
    env: 'IMAGE_INVENTORY_CREATOR',
    schema: v.pipe(
      v.array(v.pipe(v.string(), v.maxLength(1024))),
      v.minLength(1),
      v.check((creators) => areDifferent(creators)),
    ),
    allowed: 'one creator of at most 1024 characters (a list of different ones in the file)',
    describe: 'Only images of these creators; an empty text means "creator not set".',
  },
  'api.timeoutSeconds': {
    env: 'IMAGE_INVENTORY_TIMEOUT',
    schema: between(0.1, 3600),
    allowed: 'a number of seconds from 0.1 to 3600',
    describe: 'How long one request may take, in seconds.',
    fallback: 60,
  },
  'api.maxRetries': {
    env: 'IMAGE_INVENTORY_MAX_RETRIES',
    ...whole(0, 100),
    describe: 'Retries of one request after passing faults.',
    fallback: 5,
  },
  'api.deadlineSeconds': {
    env: 'IMAGE_INVENTORY_DEADLINE',
    schema: between(0, 30 * DAY_S),
    allowed: `a number of seconds from 0 (no limit) to ${30 * DAY_S}`,
    describe: 'How long one run may take, in seconds; 0 means no limit.',
    fallback: 7200,
  },
  'rateLimit.concurrency': {
    env: 'IMAGE_INVENTORY_CONCURRENCY',
    ...whole(1, 64),
    describe: 'Requests under way at once.',
    fallback: 4,
  },
  'rateLimit.requests': {
    env: 'IMAGE_INVENTORY_RATE_REQUESTS',
    ...whole(1, 1_000_000),
    describe: 'Requests that may start within one interval.',
    fallback: 1000,
  },
  'rateLimit.intervalSeconds': {
    env: 'IMAGE_INVENTORY_RATE_INTERVAL',
    schema: between(0.01, DAY_S),
    allowed: `a number of seconds from 0.01 to ${DAY_S}`,
    describe: 'The interval, in seconds; a sliding window.',
    fallback: 300,
  },
  'removal.maxFraction': {
    env: 'IMAGE_INVENTORY_REMOVAL_MAX_FRACTION',
    schema: between(0, 1),
    allowed: 'a number from 0 to 1',
    describe: 'A run is held when it would remove more than this share of the stored images …',
    fallback: 0.1,
  },
  'removal.maxCount': {
    env: 'IMAGE_INVENTORY_REMOVAL_MAX_COUNT',
    ...whole(0, 1_000_000_000),
    describe: '… and more than this many.',
    fallback: 100,
  },
  'removal.confirmRequests': {
    env: 'IMAGE_INVENTORY_REMOVAL_CONFIRM_REQUESTS',
    ...whole(1, 1_000_000),
    describe:
      'Images missing from the list that are asked for one by one; of more, a random sample of this size.',
    fallback: 200,
  },
  'schedule.full': {
    env: 'IMAGE_INVENTORY_SCHEDULE',
    ...SCHEDULE,
    describe: 'When the daemon reads everything, as a cron expression.',
    fallback: '0 * * * *',
  },
  'schedule.quick': {
    env: 'IMAGE_INVENTORY_QUICK_SCHEDULE',
    ...SCHEDULE,
    describe: 'When the daemon looks for new uploads only, as a cron expression.',
  },
  'schedule.housekeeping': {
    env: 'IMAGE_INVENTORY_HOUSEKEEPING_SCHEDULE',
    ...SCHEDULE,
    describe: 'When the daemon tidies the database, as a cron expression; a quiet time.',
    fallback: '30 3 * * *',
  },
  'schedule.timezone': {
    env: 'IMAGE_INVENTORY_TIMEZONE',
    schema: v.pipe(v.string(), v.check(isTimeZone)),
    allowed: 'a time zone of the IANA database, such as Europe/Paris',
    describe: 'The time zone of the schedules.',
    fallback: 'UTC',
  },
  'schedule.jitterSeconds': {
    env: 'IMAGE_INVENTORY_SCHEDULE_JITTER',
    schema: between(0, 3600),
    allowed: 'a number of seconds from 0 to 3600',
    describe:
      'The daemon starts its runs up to this much late, at random, so that many do not start at once.',
    fallback: 0,
  },
  'schedule.runOnStart': {
    env: 'IMAGE_INVENTORY_RUN_ON_START',
    schema: v.boolean(),
    allowed: 'true or false',
    describe: 'Whether the daemon runs once when it starts.',
    fallback: true,
  },
  'http.host': {
    env: 'IMAGE_INVENTORY_HTTP_HOST',
    schema: v.pipe(v.string(), v.minLength(1), v.maxLength(255)),
    allowed: 'a host name or address',
    describe: "Where the daemon's server for health, metrics and its page listens.",
    fallback: '127.0.0.1',
  },
  'http.port': {
    env: 'IMAGE_INVENTORY_HTTP_PORT',
    ...whole(1, 65_535),
    describe: "The port of the daemon's server; off when unset.",
  },
  'http.readyMaxAgeSeconds': {
    env: 'IMAGE_INVENTORY_READY_MAX_AGE',
    schema: between(1, 366 * DAY_S),
    allowed: `a number of seconds from 1 to ${366 * DAY_S}`,
    describe:
      'How old the last complete run may be for /readyz, in seconds; when unset, two scheduled runs may be missed.',
  },
  'webhook.url': {
    env: 'IMAGE_INVENTORY_WEBHOOK_URL',
    schema: v.pipe(v.string(), v.check(isWebhookUrl)),
    allowed: 'an https address without credentials (plain http only for this machine)',
    isPrivate: true,
    describe: 'Where the daemon posts what an operator should hear of; nowhere when unset.',
  },
  'webhook.events': {
    env: 'IMAGE_INVENTORY_WEBHOOK_EVENTS',
    schema: v.pipe(
      v.array(v.picklist(['failed', 'held', 'recovered', 'changed'])),
      v.minLength(1),
      v.check((events) => areDifferent(events)),
    ),
    allowed:
      'different ones of failed, held, recovered, changed (with commas, or a list in the file)',
    describe: 'What is posted: runs that fail or are held, the recovery, runs that found changes.',
    fallback: ['failed', 'held', 'recovered', 'changed'],
  },
  'retention.days': {
    env: 'IMAGE_INVENTORY_RETENTION_DAYS',
    ...whole(1, 36_500),
    describe: 'How long the ledger and the changes are kept, in days; for ever when unset.',
  },
  'log.level': {
    env: 'IMAGE_INVENTORY_LOG_LEVEL',
    schema: v.picklist(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
    allowed: 'one of fatal, error, warn, info, debug, trace, silent',
    describe: 'The least important lines that are logged.',
    fallback: 'info',
  },
  'log.changes': {
    env: 'IMAGE_INVENTORY_LOG_CHANGES',
    ...whole(0, 1_000_000_000),
    describe: 'Changed images logged one by one in a run; the rest is counted in one line.',
    fallback: 10_000,
  },
} as const satisfies Record<string, Setting>;

/** A setting's key in the configuration file, with dots between the levels. */
export type SettingKey = keyof typeof SETTINGS;

/** The settings that may be left unset altogether. */
type Optional =
  | 'api.creators'
  | 'schedule.quick'
  | 'http.port'
  | 'http.readyMaxAgeSeconds'
  | 'webhook.url'
  | 'retention.days';

/** Every setting with its checked value. */
export type Settings = {
  readonly [Key in Exclude<SettingKey, Optional>]: v.InferOutput<(typeof SETTINGS)[Key]['schema']>;
} & { readonly [Key in Optional]: v.InferOutput<(typeof SETTINGS)[Key]['schema']> | undefined };

function areDifferent(texts: readonly string[]): boolean {
  return new Set(texts).size === texts.length;
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Whether it is an https address, or a plain one of this machine, that holds no secret and takes a path behind it. */
export function isSafeAddress(text: string): boolean {
  if (!isWebhookUrl(text)) return false;
  return new URL(text).search === '';
}

function isWebhookUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  const isSafe =
    url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.test(url.hostname));
  return isSafe && url.username + url.password + url.hash === '';
}

function isTimeZone(text: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: text });
    return text !== '';
  } catch {
    return false;
  }
}
