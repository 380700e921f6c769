/** The least that writing a list down takes: its images are fetched, parsed and inserted into a bare table, a transaction a page. */
import { env } from 'node:process';
import Sqlite from 'better-sqlite3';
import { listFromEnvironment, pageBodies, type Page } from './pages.ts';

const list = listFromEnvironment(env);
const database = new Sqlite(env['BENCH_DB'] ?? '');
database.pragma('journal_mode = WAL');
database.pragma('synchronous = NORMAL');
database.exec(`CREATE TABLE images (account_id TEXT, id TEXT, filename TEXT, creator TEXT, meta TEXT,
  require_signed_urls INTEGER, uploaded TEXT, variants TEXT, PRIMARY KEY (account_id, id))`);
const insert = database.prepare('INSERT INTO images VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
const insertPage = database.transaction(({ result: { images } }: Page) => {
  for (const { id, filename, creator, meta, requireSignedURLs, uploaded, variants } of images) {
    insert.run(
      list.accountId,
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
for await (const body of pageBodies(list)) {
  insertPage(JSON.parse(Buffer.from(body).toString()) as Page);
}
database.close();
