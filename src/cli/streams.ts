import { stderr, stdout } from 'node:process';
import { printable } from '../inventory/printable.ts';
import type { Failure } from '../inventory/failure.ts';

/** Writes a command's result, and only that, to stdout. */
export function printResult(text: string): void {
  stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

/** Writes a value as one JSON document to stdout. */
export function printJson(value: unknown): void {
  printResult(JSON.stringify(value, undefined, 2));
}

/**
 * Reports a failure to a person, on stderr, in one or two lines.
 *
 * @param withStack - Adds where it happened, and what caused it.
 */
export function reportFailure(failure: Failure, withStack: boolean): void {
  const lines = [`image-inventory: ${printable(failure.message)}`];
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
 * Ends a command quietly when whoever reads its output has gone (`| head`). The last call counts.
 *
 * @param onGone - Called once.
 */
export function endWithReader(onGone: () => void): void {
  let isGone = false;
  for (const stream of [stdout, stderr]) {
    stream.removeAllListeners('error');
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      if (!isGone) onGone();
      isGone = true;
    });
  }
}
