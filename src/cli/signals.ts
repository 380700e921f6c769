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

const CODES = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated } as const;

/** Listens for SIGINT and SIGTERM: the first asks for an orderly end, the second ends the process at once. */
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
    });
  }
  return { signal: controller.signal, exitCode: () => received, stop };
}
