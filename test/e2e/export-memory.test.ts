import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { run } from '../support/program.ts';
import { serveAccount } from '../support/served-account.ts';
import { openTestSession } from '../support/session.ts';

const PRELOAD = fileURLToPath(new URL('../support/peak-memory.ts', import.meta.url));

/** An inventory of many thousand images, whose ids begin with x and the number of their thousand. */
async function manyImages(thousands: number): Promise<{ folder: string; database: string }> {
  const { env, folder, database } = await serveAccount({ images: 1000 });
  const { sync, close } = openTestSession({ ...env, IMAGE_INVENTORY_PER_PAGE: '1000' });
  await sync();
  await close();
  const opened = new Sqlite(database);
  opened
    .prepare(
      `WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?)
       INSERT INTO stored_images (account_key, id, filename, creator, meta, require_signed_urls,
         uploaded, variants, extra, null_fields, first_seen_run, changed_run)
       SELECT account_key, 'x' || n || '-' || id, filename, creator, meta, require_signed_urls,
         uploaded, variants, extra, null_fields, first_seen_run, changed_run
       FROM n JOIN stored_images`,
    )
    .run(thousands);
  opened.exec('UPDATE accounts SET visible_row = (SELECT max(row_id) FROM stored_images)');
  opened.close();
  return { folder, database };
}

test('memory does not grow with the number of images', { timeout: 180_000 }, async () => {
  const { folder, database } = await manyImages(300);
  const peak = async (format: string, thousands: number): Promise<number> => {
    const file = join(folder, 'peak');
    const where = `id GLOB 'x*' AND CAST(substr(id, 2) AS INTEGER) <= ${thousands}`;
    const args = ['export', '--format', format, '--output', 'out', '--where', where];
    const told = await run(
      args,
      { IMAGE_INVENTORY_DB: database, NODE_OPTIONS: `--import=${PRELOAD}`, PEAK_FILE: file },
      folder,
    );
    expect(told.stdout).toContain(`  ${thousands},000 images\n`);
    return Number(readFileSync(file, 'utf8'));
  };
  // Two full row groups of Parquet, and seven.
  for (const [format, few, many] of [
    ['csv', 30, 300],
    ['jsonl', 30, 300],
    ['parquet', 90, 300],
  ] as const) {
    const [before, after] = [await peak(format, few), await peak(format, many)];
    expect(after, format).toBeLessThan(1.5 * before);
  }
});
