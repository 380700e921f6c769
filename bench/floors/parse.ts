/** The least that looking into a list takes: its pages are fetched and parsed. */
import { env } from 'node:process';
import { listFromEnvironment, pageBodies, type Page } from './pages.ts';

let images = 0;
for await (const body of pageBodies(listFromEnvironment(env))) {
  const page = JSON.parse(Buffer.from(body).toString()) as Page;
  images += page.result.images.length;
}
if (images === 0) throw new Error('no images');
