import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { startHttpServer, type HttpServer, type HttpServerOptions } from '../../src/http/server.ts';
import type { AccountView, DaemonView } from '../../src/http/view.ts';
import { recordLog, type Recorder } from '../support/log.ts';

export const NOW = Date.UTC(2026, 10, 22, 13);
const HOUR = 3_600_000;

/** An account that was read completely an hour ago, and may be two hours old. */
export function accountView(view: Partial<AccountView> = {}): AccountView {
  return {
    accountId: 'acc',
    name: undefined,
    images: 12_345,
    removedImages: 6,
    isRunning: false,
    lastCompleteAt: NOW - HOUR,
    readyUntil: NOW + HOUR,
    nextRun: { mode: 'full', at: NOW + 60_000 },
    failing: [],
    lastRuns: [],
    lastChanges: [],
    ...view,
  };
}

export function daemonView(...accounts: readonly Partial<AccountView>[]): DaemonView {
  return { version: '1.2.3', startedAt: NOW - 5 * HOUR, accounts: accounts.map(accountView) };
}

/** A server that listens, its log, and a clock that the test moves. */
export interface Served extends HttpServer, Pick<Recorder, 'lines'> {
  readonly port: number;
  /** Lets time pass for what is remembered for a while, in milliseconds. */
  readonly pass: (ms: number) => void;
  /** A connection of bytes, until the test ends. */
  readonly connect: () => Promise<Socket>;
}

/** Starts a real server on a free port until the test ends: alive, with one account, unless told otherwise. */
export async function serve(options: Partial<HttpServerOptions> = {}): Promise<Served> {
  const { logger, lines } = recordLog();
  let elapsed = 0;
  const server = await startHttpServer({
    host: '127.0.0.1',
    port: 0,
    logger,
    clock: { now: () => NOW, elapsed: () => elapsed },
    isAlive: () => true,
    view: () => daemonView({}),
    metrics: { contentType: 'text/plain; version=0.0.4', render: () => Promise.resolve('a 1\n') },
    ...options,
  });
  onTestFinished(() => server.close());
  const port = Number(new URL(server.url).port);
  return {
    ...server,
    lines,
    port,
    pass: (ms) => {
      elapsed += ms;
    },
    connect: () => connectTo(port),
  };
}

async function connectTo(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  // A connection that is cut off is what these tests are about.
  socket.on('error', () => undefined);
  const { promise, resolve } = Promise.withResolvers<undefined>();
  socket.once('connect', () => resolve(undefined));
  await promise;
  return socket;
}

/** Everything that arrives on a connection until it is closed, as Latin-1 text. */
export function received(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve) => {
    socket.once('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
  });
}
