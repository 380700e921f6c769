/** The least that reading a list takes: its pages are fetched and thrown away. */
import { env } from 'node:process';
import { listFromEnvironment, pageBodies } from './pages.ts';

for await (const body of pageBodies(listFromEnvironment(env))) {
  if (body.byteLength === 0) throw new Error('an empty answer');
}
