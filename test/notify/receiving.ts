import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

/** One request, as it arrived. */
export interface Post {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A real server that takes notices. */
export interface Receiving {
  readonly origin: string;
  /** Its address, with a path and a query that must not be told. */
  readonly url: string;
  readonly posts: readonly Post[];
  /** Resolves when so many posts have arrived. */
  readonly arrived: (count: number) => Promise<void>;
}

/** How one request is answered. */
export type Step = RequestListener;

export const PRIVATE_PATH = '/services/T0/very-private';
export const PRIVATE_QUERY = 'key=also-private';

/** Answers with a status and nothing else. */
export function status(code: number, headers: Readonly<Record<string, string>> = {}): Step {
  return (_request, response) => void response.writeHead(code, headers).end();
}

/** Never answers. */
export const silence: Step = () => undefined;

/** Listens until the test has finished; answers with these steps, the last one for ever. */
export async function receive(...steps: readonly Step[]): Promise<Receiving> {
  const posts: Post[] = [];
  const waiting = new Map<number, () => void>();
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const step = steps[posts.length] ?? steps.at(-1) ?? status(204);
      const { method, url: path, headers } = request;
      posts.push({ method, path, headers, body });
      step(request, response);
      waiting.get(posts.length)?.();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    url: `${origin}${PRIVATE_PATH}?${PRIVATE_QUERY}`,
    posts,
    arrived: (count) =>
      posts.length >= count
        ? Promise.resolve()
        : new Promise((resolve) => waiting.set(count, resolve)),
  };
}

/** An address at which nobody listens (any more). */
export async function unheardUrl(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}${PRIVATE_PATH}?${PRIVATE_QUERY}`;
}
