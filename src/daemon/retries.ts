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
  readonly #turn: () => Promise<void>;
  readonly #planned = new Map<RunKind, Retry>();

  /** @param turn - Resolves when a run may begin, at the earliest. */
  constructor(clock: Clock, signal: AbortSignal, turn: () => Promise<void>) {
    this.#clock = clock;
    this.#signal = signal;
    this.#turn = turn;
    signal.addEventListener('abort', () => this.#planned.forEach((_, kind) => this.cancel(kind)), {
      once: true,
    });
  }

  /** When a run of a kind is tried again; `Infinity` if that is not planned. */
  at(kind: RunKind): number {
    return this.#planned.get(kind)?.at ?? Infinity;
  }

  /** Calls `retry` after a while, when it is its turn, in place of what was planned before. */
  plan(kind: RunKind, ms: number, retry: () => void): void {
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

  async #wait(kind: RunKind, ms: number, signal: AbortSignal, retry: () => void): Promise<void> {
    await this.#clock.wait(ms, signal).catch(() => undefined);
    if (!signal.aborted) await this.#turn();
    // Something else came first.
    if (signal.aborted) return;
    this.#planned.delete(kind);
    retry();
  }
}
