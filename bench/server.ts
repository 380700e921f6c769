/**
 * The server of a benchmark: an emulated account whose pages are made once and then kept as bytes, so that what is measured
 * is the client. With a rate limit (JSON of its options) every request is counted, so that no answer is kept. A process of
 * its own; its parent sends commands.
 *
 *     node bench/server.ts IMAGES SEED [RATE_LIMIT]
 */
import process, { argv } from 'node:process';
import { Emulator } from '../src/emulator/server.ts';
import { EMULATED_ACCOUNT, EMULATED_CREDENTIALS } from '../src/emulator/defaults.ts';
import { createGenerator } from '../src/emulator/generate.ts';
import type { RateLimitOptions } from '../src/emulator/rate-limit.ts';
import { changedMeta } from './truth.ts';

/** What the parent asks for, and what it is answered with. */
export type Order = { readonly is: 'change'; readonly every: number } | { readonly is: 'count' };
export type Report =
  | {
      readonly is: 'ready';
      readonly baseUrl: string;
      readonly token: string;
      readonly accountId: string;
    }
  | { readonly is: 'done'; readonly requests: number; readonly refused: number };

const [, , images = '0', seed = '1', rateLimit] = argv;
const emulator = new Emulator({
  accounts: [{ id: EMULATED_ACCOUNT, images: Number(images), seed: Number(seed) }],
  ...(rateLimit === undefined
    ? { keepsAnswers: true }
    : { rateLimit: JSON.parse(rateLimit) as RateLimitOptions }),
});

process.on('message', (order: Order) => {
  if (order.is === 'change') change(order.every);
  report({ is: 'done', requests: emulator.requests.splice(0).length, refused: takeRefused() });
});
process.on('disconnect', () => process.exit());
report({
  is: 'ready',
  baseUrl: await emulator.listen(),
  token: EMULATED_CREDENTIALS.token,
  accountId: EMULATED_ACCOUNT,
});

/** Gives every so many-th image another meta. */
function change(every: number): void {
  const generator = createGenerator(Number(seed));
  const account = emulator.account(EMULATED_ACCOUNT);
  for (let ordinal = 0; ordinal < Number(images); ordinal += every) {
    account.patch(generator.id(ordinal), { meta: changedMeta(ordinal) });
  }
  emulator.forgetAnswers();
}

/** How many requests were refused since this was last asked. */
function takeRefused(): number {
  const { rateLimiter } = emulator;
  if (rateLimiter === undefined) return 0;
  const { refused } = rateLimiter;
  rateLimiter.refused = 0;
  return refused;
}

function report(answer: Report): void {
  process.send?.(answer);
}
