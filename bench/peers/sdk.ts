/** The list in a table by the official SDK and better-sqlite3, as one writes it in ten minutes: a page, a transaction. */
import { env } from 'node:process';
import Sqlite from 'better-sqlite3';
import { listFromEnvironment, type Page } from '../floors/pages.ts';
import { importSdk } from './sdk-module.ts';

const { baseUrl, token, accountId, perPage } = listFromEnvironment(env);
const { default: Cloudflare } = await importSdk();
const client = new Cloudflare({ apiToken: token, baseURL: baseUrl });
const database = new Sqlite(env['BENCH_DB'] ?? '');
database.pragma('journal_mode = WAL');
database.pragma('synchronous = NORMAL');
database.exec(`CREATE TABLE IF NOT EXISTS images (account_id TEXT, id TEXT, filename TEXT, creator TEXT, meta TEXT,
  require_signed_urls INTEGER, uploaded TEXT, variants TEXT, PRIMARY KEY (account_id, id))`);
const upsert = database.prepare(`INSERT INTO images VALUES (?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (account_id, id) DO UPDATE SET filename = excluded.filename, creator = excluded.creator,
    meta = excluded.meta, require_signed_urls = excluded.require_signed_urls, uploaded = excluded.uploaded,
    variants = excluded.variants`);
const upsertPage = database.transaction((images: Page['result']['images']) => {
  for (const { id, filename, creator, meta, requireSignedURLs, uploaded, variants } of images) {
    upsert.run(
      accountId,
      id,
      filename,
      creator,
      meta === undefined ? null : JSON.stringify(meta),
      Number(requireSignedURLs),
      uploaded,
      variants === undefined ? null : JSON.stringify(variants),
    );
  }
});
for (let page = 1; ; page += 1) {
  const query = { page, per_page: perPage };
  // Not its pager for this list, which yields nothing: it looks for the images in another field.
  const answer = (await client.get(`/accounts/${accountId}/images/v1`, { query })) as Page;
  if (answer.result.images.length === 0) break;
  upsertPage(answer.result.images);
}
database.close();
