import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process, { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';

/** What a whole process cost, from its start to its end. */
export interface Cost {
  readonly seconds: number;
  /** User and system time of all its threads; `undefined` where the machine cannot tell. */
  readonly cpuSeconds: number | undefined;
  /** The most memory that it ever held. */
  readonly peakBytes: number | undefined;
}

export type Env = Readonly<Record<string, string>>;

const PRELOAD = fileURLToPath(new URL('usage.js', import.meta.url));
const TIME = '/usr/bin/time';

/**
 * Runs a script on this Node.js to its end, with nothing in its environment but what is given.
 *
 * @param folder - Where it runs, and where its figures are left for a moment.
 * @throws Error with what it wrote to standard error, if it fails.
 */
export async function measureNode(
  words: readonly string[],
  env: Env,
  folder: string,
): Promise<Cost> {
  const file = join(folder, 'usage');
  const command = [execPath, '--import', PRELOAD, ...words];
  const seconds = await time(command, { ...env, BENCH_USAGE: file }, folder, undefined);
  const usage = JSON.parse(readFileSync(file, 'utf8')) as Omit<Cost, 'seconds'>;
  return { seconds, ...usage };
}

/**
 * Runs any other command to its end. Its processor time and memory are known where there is a GNU `time`.
 *
 * @param input - The file that is its standard input.
 * @throws Error with what it wrote to standard error, if it fails.
 */
export async function measureCommand(
  command: readonly string[],
  input: string,
  folder: string,
): Promise<Cost> {
  if (!existsSync(TIME)) {
    const seconds = await time(command, {}, folder, input);
    return { seconds, cpuSeconds: undefined, peakBytes: undefined };
  }
  const file = join(folder, 'usage');
  const timed = [TIME, '--format', '%U %S %M', '--output', file, ...command];
  const seconds = await time(timed, {}, folder, input);
  const [user = 0, system = 0, kilobytes = 0] = readFileSync(file, 'utf8').split(' ').map(Number);
  return { seconds, cpuSeconds: user + system, peakBytes: kilobytes * 1024 };
}

/** How long a process lives, in seconds. */
async function time(
  [command = '', ...words]: readonly string[],
  env: Env,
  folder: string,
  input: string | undefined,
): Promise<number> {
  const source = input === undefined ? undefined : openSync(input, 'r');
  const started = performance.now();
  const child = spawn(command, words, {
    cwd: folder,
    env: { PATH: process.env['PATH'], ...env },
    stdio: [source ?? 'ignore', 'ignore', 'pipe'],
  });
  let told = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (told += text));
  const [code] = (await once(child, 'close')) as [number | null];
  const seconds = (performance.now() - started) / 1000;
  if (source !== undefined) closeSync(source);
  if (code !== 0) throw new Error(`${[command, ...words].join(' ')} ended with ${code}: ${told}`);
  return seconds;
}
