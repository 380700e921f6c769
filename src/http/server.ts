import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Failure, messageOf } from '../inventory/failure.ts';
import type { Logger } from '../observe/logger.ts';
import { createAnswerer, hasBody } from './answer.ts';
import { boundAnswer, createLimitedServer, LIMITS, type Limits } from './limits.ts';
import { createRoutes, type Answer, type Sources } from './routes.ts';

export interface HttpServerOptions extends Sources {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly logger: Logger;
  readonly limits?: Partial<Limits>;
}

/** A server that listens. */
export interface HttpServer {
  /** Without a slash at its end. */
  readonly url: string;
  /** Ends all connections at once. */
  close(): Promise<void>;
}

/**
 * Serves the daemon's health, metrics and page: to be read, and nothing else.
 *
 * @throws Failure `CONFIG_INVALID` if it cannot listen there.
 */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { host, port, logger } = options;
  const answer = createAnswerer(createRoutes(options), logger);
  const limits = { ...LIMITS, ...options.limits };
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    boundAnswer(request, response, limits);
    void answer(request).then((found) => send(request, response, found));
  };
  const server = createLimitedServer(limits);
  server.on('request', serve);
  // Whoever asks before sending a body gets the answer instead of leave to send it.
  server.on('checkContinue', serve);
  await listen(server, host, port);
  // Such as having no file descriptor left for a connection. Without a listener it would end the process.
  server.on('error', (error) => {
    const fields = { error_message: error.message };
    logger.warn({ event: 'http.failed', ...fields }, `a connection was lost: ${error.message}`);
  });
  const url = urlOf(server);
  logger.info({ event: 'http.started', url }, `health, metrics and a page at ${url}`);
  return { url, close: () => close(server) };
}

function send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  const { status, headers, body } = answer;
  // What comes after the header would be taken for the next request, or have to be read.
  if (hasBody(request)) response.setHeader('Connection', 'close');
  response.writeHead(status, { ...headers, 'Content-Length': body.length });
  response.end(body);
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    const reason = REASONS[code] ?? messageOf(error);
    throw new Failure('CONFIG_INVALID', `cannot listen on ${host}, port ${port}: ${reason}`, {
      hint: 'Set another http.host (IMAGE_INVENTORY_HTTP_HOST) or http.port (IMAGE_INVENTORY_HTTP_PORT).',
      cause: error,
    });
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there',
  EACCES: 'this user has no right to that port',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'there is no such host',
};

function urlOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
