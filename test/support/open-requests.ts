import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setImmediate as turn } from 'node:timers/promises';
import { onTestFinished } from 'vitest';

/** Knows when this process has nothing left to do but to wait for its clock. */
export interface OpenRequests {
  /** Resolves when no request is on its way, and whatever the last one set off has been done. */
  readonly settled: () => Promise<void>;
}

/** Watches every request that undici makes in this process, until the test ends. */
export function watchRequests(): OpenRequests {
  let open = 0;
  const begun = (): void => void (open += 1);
  const ended = (): void => void (open -= 1);
  const channels = [
    ['undici:request:create', begun],
    ['undici:request:trailers', ended],
    ['undici:request:error', ended],
  ] as const;
  for (const [name, listener] of channels) subscribe(name, listener);
  onTestFinished(() => {
    for (const [name, listener] of channels) unsubscribe(name, listener);
  });
  async function settled(): Promise<void> {
    for (let quiet = 0; quiet < 3; quiet = open === 0 ? quiet + 1 : 0) await turn();
  }
  return { settled };
}
