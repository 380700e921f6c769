import type { Secret } from '../inventory/credentials.ts';
import { Failure } from '../inventory/failure.ts';
import { secretVariable, type Environment } from './environment.ts';
import type { Settings } from './settings.ts';

/** The variable of the secret that deliveries are signed with; a file may hold it (`…_FILE`). */
export const WEBHOOK_SECRET = 'IMAGE_INVENTORY_WEBHOOK_SECRET';

/** Where notices are posted, which, and what they are signed with. */
export interface Webhook {
  readonly url: string;
  readonly events: Settings['webhook.events'];
  readonly secret: Secret;
}

/**
 * The configured webhook; `undefined` if there is none.
 *
 * @throws Failure `CONFIG_INVALID` if there is an address without a secret: who receives could not tell a true notice.
 */
export function resolveWebhook(env: Environment, settings: Settings): Webhook | undefined {
  const url = settings['webhook.url'];
  if (url === undefined) return undefined;
  const secret = secretVariable(env, WEBHOOK_SECRET);
  if (secret === undefined) {
    throw new Failure('CONFIG_INVALID', `a webhook is set, but ${WEBHOOK_SECRET} is not`, {
      hint: `Set ${WEBHOOK_SECRET} (or ${WEBHOOK_SECRET}_FILE) to a long random text that the receiver knows as well.`,
    });
  }
  return { url, events: settings['webhook.events'], secret };
}
