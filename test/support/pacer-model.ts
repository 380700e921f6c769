import { expect } from 'vitest';
import { Pacer, type Lane, type PaceOptions } from '../../src/cloudflare/pace.ts';
import type { Quota } from '../../src/cloudflare/quota-share.ts';
import type { WaitReason } from '../../src/sync/events.ts';
import { TickingClock } from './ticking-clock.ts';

/** What may happen to a pacer. `which` picks one of those there are. */
export type Action =
  | { readonly do: 'open' }
  | { readonly do: 'ask'; readonly which: number; readonly times: number }
  | { readonly do: 'dispose' | 'abort' | 'answer' | 'fault'; readonly which: number }
  | { readonly do: 'pause'; readonly ms: number; readonly reason: WaitReason }
  | { readonly do: 'observe'; readonly which: number; readonly quota: Quota }
  | { readonly do: 'reconfigure'; readonly limits: PaceOptions }
  | { readonly do: 'pass'; readonly ms: number };

/** One request, from being asked for to its end. */
interface Request {
  readonly stop: AbortController;
  readonly answer: PromiseWithResolvers<void>;
  state: 'waiting' | 'under way' | 'over';
  startedAt: number;
}

/** A pacer with whatever is asked of it, held against what it must keep to. */
export class PacerModel {
  readonly clock: TickingClock;
  readonly requests: Request[] = [];
  readonly pacer: Pacer;
  /** What happened although it must not. */
  readonly broken: string[] = [];
  readonly #lanes: Lane[] = [];
  #limits: PaceOptions;
  #pausedUntil = -Infinity;

  constructor(options: PaceOptions, tickMs: number) {
    this.clock = new TickingClock(tickMs);
    this.#limits = options;
    this.pacer = new Pacer(options, this.clock);
    this.#open();
  }

  async apply(action: Action): Promise<void> {
    switch (action.do) {
      case 'open':
        this.#open();
        break;
      case 'ask':
        for (let time = 0; time < action.times; time += 1) this.#ask(action.which);
        break;
      case 'dispose':
        this.#lanes[action.which % this.#lanes.length]?.[Symbol.dispose]();
        break;
      case 'abort':
        this.#pick(action.which, 'waiting', 'under way')?.stop.abort();
        break;
      case 'answer':
        this.#pick(action.which, 'under way')?.answer.resolve();
        break;
      case 'fault':
        this.#pick(action.which, 'under way')?.answer.reject(new Error('broken'));
        break;
      case 'pause':
        this.#pausedUntil = Math.max(this.#pausedUntil, this.clock.elapsed() + action.ms);
        this.pacer.pause(action.ms, action.reason);
        break;
      case 'observe': {
        const sender = this.#pick(action.which, 'under way');
        if (sender) this.pacer.observe(action.quota, sender.startedAt);
        break;
      }
      case 'reconfigure':
        this.#limits = action.limits;
        this.pacer.reconfigure(action.limits);
        break;
      case 'pass':
        await this.clock.pass(action.ms);
    }
  }

  in(...states: readonly Request['state'][]): readonly Request[] {
    return this.requests.filter(({ state }) => states.includes(state));
  }

  /** Whether something more may be under way, if all that counts is how much there is of it. */
  get hasRoom(): boolean {
    const { concurrency, requests } = this.#limits;
    return this.in('under way').length < requests && this.#wanted < concurrency;
  }

  /** Answers whatever is asked, as time passes, until nothing is left or nothing will ever happen any more. */
  async settle(): Promise<void> {
    await this.clock.pass(0);
    for (let rounds = 0; this.in('waiting').length > 0; rounds += 1) {
      expect(rounds, 'rounds until everything has started').toBeLessThan(2000);
      const underWay = this.in('under way');
      for (const { answer } of underWay) answer.resolve();
      const happens = underWay.length > 0 || this.clock.step();
      expect(happens, `${this.in('waiting').length} requests wait forever`).toBe(true);
      await this.clock.pass(0);
    }
  }

  /** Requests under way that nobody has called back; only they count for the concurrency. */
  get #wanted(): number {
    return this.in('under way').filter(({ stop }) => !stop.signal.aborted).length;
  }

  #pick(which: number, ...states: readonly Request['state'][]): Request | undefined {
    const requests = this.in(...states);
    return requests[which % requests.length];
  }

  #open(): void {
    let isOpen = true;
    const lane = this.pacer.open(() => {
      if (!isOpen) this.broken.push('told after its disposal');
    });
    const dispose = (): void => {
      isOpen = false;
      lane[Symbol.dispose]();
    };
    this.#lanes.push({ ...lane, [Symbol.dispose]: dispose });
  }

  #ask(which: number): void {
    const request: Request = {
      stop: new AbortController(),
      answer: Promise.withResolvers(),
      state: 'waiting',
      startedAt: -Infinity,
    };
    this.requests.push(request);
    const lane = this.#lanes[which % this.#lanes.length];
    const calledBack = (): void => {
      if (request.state === 'waiting') request.state = 'over';
    };
    lane?.run(() => this.#attempt(request), request.stop.signal).catch(calledBack);
  }

  /** Not every attempt can be interrupted: this one goes on when it is aborted. */
  async #attempt(request: Request): Promise<void> {
    request.state = 'under way';
    request.startedAt = this.clock.elapsed();
    this.#prove();
    try {
      await request.answer.promise;
    } finally {
      request.state = 'over';
    }
  }

  /** What must hold whenever something starts. */
  #prove(): void {
    const { concurrency, requests, intervalMs } = this.#limits;
    const now = this.clock.elapsed();
    if (now < this.#pausedUntil) this.broken.push('a start within a pause');
    const since = now - intervalMs;
    const started = this.requests.filter(({ startedAt }) => startedAt > since).length;
    if (started > requests) this.broken.push(`${started} starts in ${intervalMs} ms`);
    if (this.#wanted > concurrency) this.broken.push(`${this.#wanted} under way`);
  }
}
