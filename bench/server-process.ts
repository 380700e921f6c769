import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { RateLimitOptions } from '../src/emulator/rate-limit.ts';
import type { Order, Report } from './server.ts';

/** What the server counted since it was last asked. */
export interface Served {
  readonly requests: number;
  /** Of these, the ones that were answered with 429. */
  readonly refused: number;
}

/** A server of the benchmark, in a process of its own, which ends with its disposal. */
export interface ServerProcess extends Disposable {
  readonly baseUrl: string;
  readonly token: string;
  readonly accountId: string;
  /** Gives every so many-th image another meta. */
  change(every: number): Promise<void>;
  takeServed(): Promise<Served>;
}

const SERVER = fileURLToPath(new URL('server.ts', import.meta.url));

/** @param rateLimit - Without it no request is refused, and answers are made once and kept. */
export async function startServer(
  images: number,
  seed: number,
  rateLimit?: RateLimitOptions,
): Promise<ServerProcess> {
  const words = [String(images), String(seed)];
  if (rateLimit !== undefined) words.push(JSON.stringify(rateLimit));
  const child = fork(SERVER, words, {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('the server has ended')));
  ended.catch(() => undefined);
  const next = async (): Promise<Report> => {
    const [report] = (await Promise.race([once(child, 'message'), ended])) as [Report];
    return report;
  };
  const ask = async (order: Order): Promise<Served> => {
    child.send(order);
    const report = await next();
    if (report.is !== 'done') throw new Error(`the server answered with ${report.is}`);
    return report;
  };
  const ready = await next();
  if (ready.is !== 'ready') throw new Error(`the server began with ${ready.is}`);
  const { baseUrl, token, accountId } = ready;
  return {
    ...{ baseUrl, token, accountId },
    change: async (every) => {
      await ask({ is: 'change', every });
    },
    takeServed: () => ask({ is: 'count' }),
    [Symbol.dispose]: () => child.disconnect(),
  };
}
