import process from 'node:process';
import { Failure } from '../inventory/failure.ts';
import { EXIT } from './exit-codes.ts';

/** A wish to stop, as it comes from outside. */
export interface StopSignal {
  /** Aborts with a `STOPPED` failure at the first signal. */
  readonly signal: AbortSignal;
  /** The exit code of the signal that came; `undefined` if none did. */
  readonly exitCode: () => number | undefined;
  /** Stops for another reason, with its exit code, unless a signal came before. */
  readonly stop: (exitCode: number) => void;
}

/** So long an orderly end may take; what lasts longer is ended as by a second signal, in milliseconds. */
const PATIENCE_MS = 5000;

const CODES = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated } as const;

/**
 * Listens for SIGINT and SIGTERM: the first asks for an orderly end, the second ends the process at once, and so does
 * an end that takes too long.
 */
export function stopOnSignals(): StopSignal {
  const controller = new AbortController();
  let received: number | undefined;
  const stop = (exitCode: number): void => {
    if (received !== undefined) return;
    received = exitCode;
    controller.abort(new Failure('STOPPED', 'stopped before its end'));
  };
  for (const [name, exitCode] of Object.entries(CODES)) {
    process.on(name, () => {
      if (received !== undefined) process.exit(exitCode);
      stop(exitCode);
      setTimeout(() => process.exit(exitCode), PATIENCE_MS).unref();
    });
  }
  return { signal: controller.signal, exitCode: () => received, stop };
}

/** Listens for SIGHUP, by which daemons are told to read their configuration again. */
export function onHangUp(reload: () => void): void {
  process.on('SIGHUP', reload);
}
