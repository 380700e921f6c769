import type { ServerResponse } from 'node:http';
import { headersOf, type EmulatedAnswer } from './envelope.ts';

/**
 * Whole answers as bytes, so that a measurement of what a client does with them does not measure how they are made. They
 * are those of the moment in which each was first asked for.
 */
export class KeptAnswers {
  readonly #answers = new Map<string, { readonly answer: EmulatedAnswer; readonly body: Buffer }>();

  /** @returns Whether there was an answer to send. */
  send(target: string, response: ServerResponse): boolean {
    const kept = this.#answers.get(target);
    if (kept === undefined) return false;
    const { answer, body } = kept;
    response.writeHead(answer.status, { ...headersOf(answer), 'content-length': body.length });
    response.end(body);
    return true;
  }

  keep(target: string, answer: EmulatedAnswer): void {
    this.#answers.set(target, {
      answer: { ...answer, body: '' },
      body: Buffer.from(answer.body),
    });
  }

  clear(): void {
    this.#answers.clear();
  }
}
