import type { IncomingMessage } from 'node:http';
import { asFailure } from '../inventory/failure.ts';
import type { Logger } from '../observe/logger.ts';
import { plainAnswer, type Answer, type Routes } from './routes.ts';

const NOT_FOUND = plainAnswer(404, 'not found');
const NOT_ALLOWED = plainAnswer(405, 'only GET and HEAD are served', { Allow: 'GET, HEAD' });
const NO_BODY = plainAnswer(413, 'no body is taken');
const BROKEN = plainAnswer(500, 'internal error; the log says more');

/** Finds the answer to a request. It does not throw: a route that does is told of in the log, once until it works again. */
export function createAnswerer(
  routes: Routes,
  logger: Logger,
): (request: IncomingMessage) => Promise<Answer> {
  const broken = new Set<string>();

  async function answerOf(path: string, route: () => Answer | Promise<Answer>): Promise<Answer> {
    try {
      const answer = await route();
      broken.delete(path);
      return answer;
    } catch (error) {
      if (!broken.has(path)) logBroken(path, error);
      broken.add(path);
      return BROKEN;
    }
  }

  function logBroken(path: string, error: unknown): void {
    const { code, message } = asFailure(error);
    const fields = { path, error_code: code, error_message: message };
    logger.error({ event: 'http.failed', ...fields }, `${path} cannot be answered: ${message}`);
  }

  return async (request) => {
    const path = pathOf(request.url ?? '/');
    const route = routes.get(path);
    if (route === undefined) return NOT_FOUND;
    if (request.method !== 'GET' && request.method !== 'HEAD') return NOT_ALLOWED;
    return hasBody(request) ? NO_BODY : answerOf(path, route);
  };
}

/** Whether a request brings something that would have to be read. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** The path alone, also of a request as one sends it to a proxy. */
function pathOf(url: string): string {
  const path = url.replace(/^https?:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '');
  return path === '' ? '/' : path;
}
