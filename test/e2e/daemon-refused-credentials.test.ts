import { expect, test } from 'vitest';
import { EVERY_SECOND, startConfigured } from '../support/daemon.ts';
import { ACCOUNT } from '../support/program.ts';
import { serveAccount } from '../support/served-account.ts';

test('an API that refuses is asked once, however often the schedule calls, and again after SIGHUP', async () => {
  const served = await serveAccount({ images: 5 });
  const file = {
    accounts: [{ id: ACCOUNT }],
    schedule: { full: EVERY_SECOND },
    log: { level: 'debug' },
  };
  served.emulator.faults.add({ name: 'forbidden' });
  const daemon = startConfigured(served, file);
  expect(await daemon.logged('daemon.failing')).toMatchObject({ error_code: 'ACCESS_REFUSED' });
  await daemon.next('daemon.skipped', 3);
  expect(served.emulator.requests).toHaveLength(1);

  await daemon.reload(file);
  await daemon.logged('sync.failed', 2);
  await daemon.next('daemon.skipped', 2);
  expect(served.emulator.requests).toHaveLength(2);

  served.emulator.faults.clear();
  await daemon.reload(file);
  expect(await daemon.logged('daemon.recovered')).toMatchObject({ failures: 2 });
  await daemon.next('sync.finished');
  const { log } = await daemon.stop();
  const skipped = log().filter(({ reason }) => reason === 'refused');
  expect(new Set(skipped.map(({ level }) => level))).toEqual(new Set(['debug']));
});
