import { expect, test } from 'vitest';
import { EMULATED_CREDENTIALS } from '../../src/emulator/defaults.ts';
import { EVERY_SECOND, startConfigured, YEARLY } from '../support/daemon.ts';
import { query } from '../support/inventory.ts';
import { ACCOUNT } from '../support/program.ts';
import { serveAccount } from '../support/served-account.ts';

const [SLOW, REFUSED] = ['a'.repeat(32), 'b'.repeat(32)];
const { token } = EMULATED_CREDENTIALS;

test('an account that is refused and one whose API hangs do not keep the others from their runs', async () => {
  const served = await serveAccount({ images: 5 });
  for (const id of [SLOW, REFUSED]) served.emulator.addAccount({ id, images: 5, seed: 2 });
  served.emulator.faults.add({ name: 'hang', path: new RegExp(SLOW) });
  const accounts = [{ id: SLOW }, { id: REFUSED, tokenVariable: 'WRONG_TOKEN' }, { id: ACCOUNT }];
  const env = { CLOUDFLARE_API_TOKEN: token, WRONG_TOKEN: 'not-the-token' };
  const daemon = startConfigured(served, { accounts, schedule: { full: EVERY_SECOND } }, env);

  expect(await daemon.logged('daemon.failing')).toMatchObject({ account_id: REFUSED });
  expect(await daemon.logged('sync.finished', 3)).toMatchObject({ account_id: ACCOUNT });
  const { code, stderr, log } = await daemon.stop();
  expect({ code, stderr }).toEqual({ code: 143, stderr: '' });
  const ends = query(
    served.database,
    'SELECT DISTINCT account_id AS id, status FROM runs ORDER BY account_id DESC',
  );
  expect(ends).toEqual([
    { id: REFUSED, status: 'failed' },
    { id: SLOW, status: 'interrupted' },
    { id: ACCOUNT, status: 'complete' },
  ]);
  expect(served.emulator.requests.filter((path) => path.includes(REFUSED))).toHaveLength(1);
  const skipped = { event: 'daemon.skipped', level: 'warn', account_id: SLOW, reason: 'busy' };
  expect(log()).toContainEqual(expect.objectContaining(skipped));
});

test('accounts of one user share one quota: the API never has to refuse a request', async () => {
  // Cloudflare counts a user's requests, whatever the account.
  const rateLimit = { requests: 10, intervalMs: 1000, blockMs: 60_000 };
  const served = await serveAccount({ images: 60, rateLimit });
  for (const id of [SLOW, REFUSED]) served.emulator.addAccount({ id, images: 60, seed: 2 });
  const daemon = startConfigured(served, {
    accounts: [{ id: SLOW }, { id: REFUSED }, { id: ACCOUNT }],
    schedule: { full: YEARLY },
    api: { perPage: 10 },
    rateLimit: { requests: 8, intervalSeconds: 1 },
  });
  await daemon.logged('daemon.scheduled', 3);
  const { log } = await daemon.stop();
  expect(log().filter(({ event }) => event === 'sync.finished')).toHaveLength(3);
  expect(log()).toContainEqual(
    expect.objectContaining({ event: 'sync.waiting', reason: 'window' }),
  );
  expect(served.emulator.rateLimiter?.refused).toBe(0);
});
