import type { Clock } from '../sync/ports/clock.ts';
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
  readonly #underWay: () => Promise<void> | undefined;
  readonly #planned = new Map<RunKind, Retry>();

  /** @param underWay - The run that must end before another one may begin; `undefined` if there is none. */
  constructor(clock: Clock, signal: AbortSignal, underWay: () => Promise<void> | undefined) {
    this.#clock = clock;
    this.#signal = signal;
    this.#underWay = underWay;
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
    // Of several that wait for the same end the first one begins a run, which the others must wait for in turn.
    let underWay = this.#underWay();
    while (!signal.aborted && underWay !== undefined) {
      await underWay;
      underWay = this.#underWay();
    }
    // Something else came first.
    if (signal.aborted) return;
    this.#planned.delete(kind);
    retry();
  }
}
