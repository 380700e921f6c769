/** A preload (`--import`) that leaves the URL of every module that its process loaded, a line each, in the file `LOADED_FILE`. */
import { writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import process, { env } from 'node:process';

const urls: string[] = [];
registerHooks({
  load(url, context, nextLoad) {
    urls.push(url);
    return nextLoad(url, context);
  },
});
process.on('exit', () => writeFileSync(env['LOADED_FILE'] ?? '', urls.join('\n')));
