import type { Clock } from '../sync/ports.ts';
import type { RunKind } from './events.ts';

interface Retry {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly controller: AbortController;
}

/** Failed runs that will be tried again, at most one of each kind. */
export class Retries {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #planned = new Map<RunKind, Retry>();

  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#planned.forEach((_, kind) => this.cancel(kind)), {
      once: true,
    });
  }

  /** When a run of a kind is tried again; `Infinity` if that is not planned. */
  at(kind: RunKind): number {
    return this.#planned.get(kind)?.at ?? Infinity;
  }

  /** Calls `retry` after a while, in place of what was planned before. */
  plan(kind: RunKind, ms: number, retry: () => Promise<void>): void {
    this.cancel(kind);
    if (this.#signal.aborted) return;
    const controller = new AbortController();
    this.#planned.set(kind, { at: this.#clock.now() + ms, controller });
    void this.#wait(kind, ms, controller.signal, retry);
  }

  cancel(kind: RunKind): void {
    this.#planned.get(kind)?.controller.abort();
    this.#planned.delete(kind);
  }

  async #wait(
    kind: RunKind,
    ms: number,
    signal: AbortSignal,
    retry: () => Promise<void>,
  ): Promise<void> {
    try {
      await this.#clock.wait(ms, signal);
    } catch {
      // Something else came first.
      return;
    }
    this.#planned.delete(kind);
    await retry();
  }
}
