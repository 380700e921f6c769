import { stderr, stdout } from 'node:process';
import { EXIT } from './exit-codes.ts';
import { printable } from '../inventory/printable.ts';
import type { Failure } from '../inventory/failure.ts';

/** Writes a command's result, and only that, to stdout. */
export function printResult(text: string): void {
  stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

/** Writes a value as one JSON document to stdout. What a terminal would obey is escaped in it, as JSON itself allows. */
export function printJson(value: unknown): void {
  printResult(printableLines(JSON.stringify(value, undefined, 2)));
}

/** So much is gathered before it is written, in characters. */
const CHUNK = 65_536;

/**
 * Writes a result piece by piece to stdout, only as fast as it is read there. When nobody reads it any more the process
 * ends in between, by {@link endWithOutput}.
 */
export async function printPieces(pieces: Iterable<string>): Promise<void> {
  let chunk = '';
  for (const piece of pieces) {
    chunk += piece;
    if (chunk.length < CHUNK) continue;
    await written(chunk);
    chunk = '';
  }
  await written(chunk);
}

function written(text: string): Promise<void> {
  return new Promise((resolve) => stdout.write(text, () => resolve()));
}

/**
 * Reports a failure to a person, on stderr, in one or two lines.
 *
 * @param withStack - Adds where it happened, and what caused it.
 * @param subject - What it happened to, where that is not clear.
 */
export function reportFailure(failure: Failure, withStack: boolean, subject?: string): void {
  const about = subject === undefined ? '' : `${subject}: `;
  const lines = [`image-inventory: ${printable(about + failure.message)}`];
  if (failure.hint !== undefined) lines.push(`  ${printable(failure.hint)}`);
  if (withStack) {
    for (let error: unknown = failure; error instanceof Error; error = error.cause) {
      lines.push(printableLines(error.stack ?? error.message));
    }
  }
  stderr.write(`${lines.join('\n')}\n`);
}

function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/**
 * Ends a command when nothing can be written any more: quietly when whoever read it has gone
 * (`| head`), with a line on stderr otherwise. The last call counts.
 *
 * @param onEnd - Called once, with the exit code of the reason.
 * @param whenGone - The exit code when the reader has gone.
 */
export function endWithOutput(onEnd: (exitCode: number) => void, whenGone: number): void {
  let hasEnded = false;
  const end = (error: NodeJS.ErrnoException): void => {
    if (hasEnded) return;
    hasEnded = true;
    const isGone = error.code === 'EPIPE';
    if (!isGone) stderr.write(`image-inventory: the output cannot be written: ${error.message}\n`);
    onEnd(isGone ? whenGone : EXIT.unexpected);
  };
  stdout.removeAllListeners('error').on('error', end);
  stderr.removeAllListeners('error').on('error', () => undefined);
}
