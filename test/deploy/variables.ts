import { SETTINGS, type Setting } from '../../src/config/settings.ts';
import { WEBHOOK_SECRET } from '../../src/config/webhook.ts';

const SECRETS = ['CLOUDFLARE_API_TOKEN', 'CLOUDFLARE_EMAIL', 'CLOUDFLARE_API_KEY', WEBHOOK_SECRET];

/** Every environment variable that the program reads by itself. */
export const VARIABLES: ReadonlySet<string> = new Set([
  'CLOUDFLARE_ACCOUNT_ID',
  'IMAGE_INVENTORY_CONFIG',
  ...SECRETS.flatMap((name) => [name, `${name}_FILE`]),
  ...Object.values<Setting>(SETTINGS).map(({ env }) => env),
]);

/** The secrets by value: they belong in files. */
export const SECRET_VALUES: ReadonlySet<string> = new Set(SECRETS);
