import { createRequire } from 'node:module';
import type * as PinoPretty from 'pino-pretty';
import { printableValue } from '../inventory/printable.ts';

/** Events that the progress line stands for when a person watches. */
const SHOWN_AS_PROGRESS = new Set(['sync.page', 'sync.confirming']);

/** As many characters of an account id as tell two accounts apart. */
const SHOWN_OF_ID = 8;

export interface PrettyOptions {
  readonly color: boolean;
  /** Begins each line about an account with its id. */
  readonly showsAccount: boolean;
}

/**
 * Turns NDJSON lines into lines for a terminal: time, level and message.
 *
 * @returns A function that gives `undefined` for a line that a person need not see.
 */
export function createPrettyWriter({
  color,
  showsAccount,
}: PrettyOptions): (line: string) => string | undefined {
  const pretty = loadPretty().prettyFactory({
    colorize: color,
    hideObject: true,
    translateTime: 'SYS:HH:MM:ss',
    messageFormat: ({ msg, account_id: id }) => {
      const about = showsAccount && typeof id === 'string' ? `${shortened(id)}  ` : '';
      return about + String(msg);
    },
  });
  return (line) => {
    const entry = printableValue(JSON.parse(line)) as { event?: string };
    return SHOWN_AS_PROGRESS.has(entry.event ?? '') ? undefined : pretty(entry);
  };
}

/** Loaded where somebody watches: it takes as long as half of the program. */
function loadPretty(): typeof PinoPretty {
  return createRequire(import.meta.url)('pino-pretty') as typeof PinoPretty;
}

function shortened(id: string): string {
  return id.length > SHOWN_OF_ID ? `${id.slice(0, SHOWN_OF_ID)}…` : id;
}
