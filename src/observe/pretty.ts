import { prettyFactory } from 'pino-pretty';
import { printableValue } from '../inventory/printable.ts';

/** Events that the progress line stands for when a person watches. */
const SHOWN_AS_PROGRESS = new Set(['sync.page', 'sync.confirming']);

/**
 * Turns NDJSON lines into lines for a terminal: time, level and message.
 *
 * @returns A function that gives `undefined` for a line that a person need not see.
 */
export function createPrettyWriter(color: boolean): (line: string) => string | undefined {
  const pretty = prettyFactory({
    colorize: color,
    hideObject: true,
    translateTime: 'SYS:HH:MM:ss',
  });
  return (line) => {
    const entry = printableValue(JSON.parse(line)) as { event?: string };
    return SHOWN_AS_PROGRESS.has(entry.event ?? '') ? undefined : pretty(entry);
  };
}
