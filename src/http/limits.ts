import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** What a connection may take, so that many, slow or endless ones cannot keep the sync from its work. Times in milliseconds. */
export interface Limits {
  /** For a request to arrive whole, and for the next one to begin. */
  readonly requestMs: number;
  /** For an answer to be made and taken. */
  readonly answerMs: number;
  /** At once; more are dropped. */
  readonly connections: number;
  /** On one connection. */
  readonly requests: number;
}

export const LIMITS: Limits = {
  requestMs: 5000,
  answerMs: 10_000,
  connections: 64,
  requests: 100,
};

const LARGEST_HEADER = 8 * 1024;
/** How often Node.js looks for requests that take too long; by default half a minute. */
const CHECK_MS = 1000;

/** A server that holds its clients to the limits. */
export function createLimitedServer({ requestMs, connections, requests }: Limits): Server {
  const server = createServer({
    maxHeaderSize: LARGEST_HEADER,
    headersTimeout: requestMs,
    requestTimeout: requestMs,
    keepAliveTimeout: requestMs,
    connectionsCheckingInterval: Math.min(CHECK_MS, requestMs),
  });
  server.maxConnections = connections;
  server.maxRequestsPerSocket = requests;
  return server;
}

/** Cuts off whoever does not take an answer, or takes it drop by drop, which is no silence. */
export function boundAnswer(
  { socket }: IncomingMessage,
  response: ServerResponse,
  { answerMs }: Limits,
): void {
  const overdue = setTimeout(() => socket.destroy(), answerMs);
  response.once('close', () => clearTimeout(overdue));
}
