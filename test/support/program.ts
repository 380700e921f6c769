import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { execPath } from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { EMULATED_ACCOUNT, EMULATED_CREDENTIALS } from '../../src/emulator/defaults.ts';

export const ACCOUNT = EMULATED_ACCOUNT;

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
/** Spares every process but the first the compiling of the same sources. */
const COMPILED = fileURLToPath(new URL('../../node_modules/.cache/compiled', import.meta.url));

export type Env = Readonly<Record<string, string>>;

/** A line of the log. */
export interface LogLine {
  readonly level: string;
  readonly time: string;
  readonly event: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** What a process of the real program left behind. */
export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output read as NDJSON. */
  readonly log: () => LogLine[];
}

/** A process of the real program that is still under way. */
export interface Running {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  /** What was logged so far. */
  readonly lines: readonly LogLine[];
  /** Resolves with the first log line of that event, or the `count`-th; rejects if the process ends without it. */
  readonly logged: (event: string, count?: number) => Promise<LogLine>;
  /** The same, not counting what was logged before the call. */
  readonly next: (event: string, count?: number) => Promise<LogLine>;
}

/** The environment of a client of an emulator. */
export function clientOf(baseUrl: string): Env {
  return {
    CLOUDFLARE_BASE_URL: baseUrl,
    CLOUDFLARE_ACCOUNT_ID: ACCOUNT,
    CLOUDFLARE_API_TOKEN: EMULATED_CREDENTIALS.token,
  };
}

/** Runs the real program to its end, its standard output going elsewhere. */
export async function runWithStdout(
  args: readonly string[],
  env: Env,
  stdout: number,
): Promise<Pick<Finished, 'code' | 'stderr'>> {
  const child = spawn(execPath, [MAIN, ...args], {
    env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: COMPILED, ...env },
    stdio: ['ignore', stdout, 'pipe'],
  });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stderr };
}

/** How a process of the program is started, where that is not as usual. */
export interface Launch {
  /** A command that is given the program's command as its last arguments, and becomes it. */
  readonly through?: readonly string[];
  /** The user and the group that the process is of. */
  readonly user?: number;
}

/** Starts the real program with nothing in its environment but what is given. */
export function start(
  args: readonly string[],
  env: Env = {},
  cwd?: string,
  { through = [], user }: Launch = {},
): Running {
  const [command = execPath, ...words] = [...through, execPath, MAIN, ...args];
  const child = spawn(command, words, {
    cwd,
    env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: COMPILED, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(user !== undefined && { uid: user, gid: user }),
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let stdout = '';
  let stderr = '';
  const lines: LogLine[] = [];
  const waiting = new Set<() => void>();
  let hasEnded = false;
  const look = (): void => waiting.forEach((check) => check());
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  createInterface({ input: child.stdout }).on('line', (text) => {
    if (!text.startsWith('{"level"')) return;
    lines.push(JSON.parse(text) as LogLine);
    look();
  });
  child.once('close', () => {
    hasEnded = true;
    look();
  });

  const finished = once(child, 'close').then(([code, signal]): Finished => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
    stdout,
    stderr,
    log: () =>
      stdout
        .trim()
        .split('\n')
        .map((text) => JSON.parse(text) as LogLine),
  }));
  const loggedAfter = (known: number, event: string, count: number): Promise<LogLine> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        const line = lines.slice(known).filter((each) => each.event === event)[count - 1];
        if (line === undefined && !hasEnded) return;
        waiting.delete(check);
        if (line === undefined) reject(new Error(`it ended without ${event}: ${stderr}`));
        else resolve(line);
      };
      waiting.add(check);
      check();
    });
  return {
    child,
    finished,
    lines,
    logged: (event, count = 1) => loggedAfter(0, event, count),
    next: (event, count = 1) => loggedAfter(lines.length, event, count),
  };
}

/** Runs the real program to its end. */
export function run(
  args: readonly string[],
  env: Env = {},
  cwd?: string,
  launch: Launch = {},
): Promise<Finished> {
  return start(args, env, cwd, launch).finished;
}
