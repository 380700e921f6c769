import { Writable } from 'node:stream';
import { createLogger, type Logger } from '../../src/observe/logger.ts';
import type { LogLine } from './program.ts';

/** A real logger, and what it wrote. */
export interface Recorder {
  readonly logger: Logger;
  readonly lines: readonly LogLine[];
  /** Resolves with the first line of an event, now or later. */
  readonly logged: (event: string) => Promise<LogLine>;
}

/** Records a log. */
export function recordLog(level = 'trace'): Recorder {
  const lines: LogLine[] = [];
  const waiting = new Set<() => void>();
  const stream = new Writable({
    decodeStrings: false,
    write: (text: string, _encoding, done) => {
      lines.push(JSON.parse(text) as LogLine);
      for (const check of waiting) check();
      done();
    },
  });
  const logged = (event: string): Promise<LogLine> =>
    new Promise((resolve) => {
      const check = (): void => {
        const line = lines.find((candidate) => candidate.event === event);
        if (line === undefined) return;
        waiting.delete(check);
        resolve(line);
      };
      waiting.add(check);
      check();
    });
  return { logger: createLogger(level, { stream, color: false }), lines, logged };
}
