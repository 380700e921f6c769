import { expect, test } from 'vitest';
import { latestVersion } from '../../src/store/migrate.ts';
import { olderInventory } from '../support/older-inventory.ts';
import { openTestSession } from '../support/session.ts';

test('says that an older inventory is brought up to date, and of a current one nothing', async () => {
  const env = { IMAGE_INVENTORY_DB: olderInventory(3) };
  const older = openTestSession(env);
  expect(older.log).toEqual([
    expect.objectContaining({
      level: 'info',
      event: 'database.migrating',
      from_version: 3,
      to_version: latestVersion(),
    }),
  ]);
  await older.close();
  expect(openTestSession(env).log).toEqual([]);
});
