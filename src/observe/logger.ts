import { pino, type Logger } from 'pino';
import { printable } from '../inventory/printable.ts';
import { createPrettyWriter } from './pretty.ts';

export type { Logger };

/** Where log lines go: a terminal, where people read them, or anything else, where programs do. */
export interface LogTarget {
  readonly stream: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly color: boolean;
  /** Whether people are told which account a line is about: they know if there is only one. */
  readonly showsAccount?: boolean;
  /** Carries out each write, so that a progress line can step aside for it. */
  readonly around?: (write: () => void) => void;
}

/**
 * The program's log: NDJSON with `level`, `time`, `event` and `msg`, or lines for people on a terminal.
 * Only fields that this program chose are ever passed to it; no secret is among them.
 */
export function createLogger(level: string, target: LogTarget): Logger {
  const { stream, color, showsAccount = false, around = (write: () => void) => write() } = target;
  const isPretty = stream.isTTY === true;
  const render = isPretty ? createPrettyWriter({ color, showsAccount }) : hardened;
  const write = (line: string): void => {
    const text = render(line);
    if (text !== undefined) around(() => void stream.write(text));
  };
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write },
  );
}

/**
 * JSON escapes the C0 controls itself; this escapes the other characters that a terminal obeys when
 * somebody looks at the log. It stays the same JSON.
 */
function hardened(line: string): string {
  return `${printable(line.trimEnd())}\n`;
}
