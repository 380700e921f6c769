import { expect, test } from 'vitest';
import { EVERY_SECOND, startDaemon } from '../support/daemon.ts';
import { query } from '../support/inventory.ts';
import { run } from '../support/program.ts';
import { serveAccount } from '../support/served-account.ts';
import { change } from '../support/strike.ts';
import { statements } from '../support/tamper.ts';

/** As if all but the last of the runs were of another year. */
const age = statements(`
  UPDATE runs SET started_at = '2020-01-01T00:00:00.000Z', finished_at = '2020-01-01T00:00:01.000Z'
    WHERE run_id < (SELECT max(run_id) FROM runs);
  UPDATE changes SET at = '2020-01-01T00:00:01.000Z'
    WHERE run_id < (SELECT max(run_id) FROM runs);`);

test('a daemon forgets what is older than it is told to keep, and the inventory stays sound', async () => {
  const served = await serveAccount({ images: 60 });
  await served.sync();
  change(served);
  await served.sync();
  await served.sync();
  await served.sync();
  const [added] = query(served.database, 'SELECT count(*) AS n FROM changes');
  expect(added).toEqual({ n: 4 });
  served.account.delete('new');
  await served.sync();
  age(served.database);

  const daemon = startDaemon(served, {
    IMAGE_INVENTORY_RUN_ON_START: 'false',
    IMAGE_INVENTORY_HOUSEKEEPING_SCHEDULE: EVERY_SECOND,
    IMAGE_INVENTORY_RETENTION_DAYS: '1',
  });
  expect(await daemon.logged('daemon.tidied')).toMatchObject({
    level: 'info',
    finished: true,
    changes: 4,
    runs: 1,
  });
  expect(await daemon.logged('daemon.tidied', 2)).toMatchObject({ changes: 0, runs: 0 });
  expect((await daemon.stop()).code).toBe(143);

  expect(query(served.database, 'SELECT kind, image_id FROM changes')).toEqual([
    { kind: 'removed', image_id: 'new' },
  ]);
  expect(query(served.database, 'SELECT count(*) AS n FROM removed_images')).toEqual([{ n: 4 }]);
  const { code, stdout } = await run(['verify'], served.env);
  expect({ code, stdout }).toMatchObject({ code: 0 });
  expect((await served.sync()).code).toBe(0);
});
