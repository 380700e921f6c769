import { ApiClient } from '../../src/cloudflare/client.ts';
import { Pacer, type PaceOptions } from '../../src/cloudflare/pace.ts';
import type { Answer, Transport } from '../../src/cloudflare/transport.ts';
import { RateLimiter, type RateLimitOptions } from '../../src/emulator/rate-limit.ts';
import type { WaitReason } from '../../src/sync/events.ts';
import { seededRandom } from './random.ts';
import { VirtualClock } from './virtual-clock.ts';

/** Another program of the same user, which sends a request every so often, whatever it is answered. */
export interface Neighbour {
  readonly everyMs: number;
  /** Each request comes so much earlier or later, at most. */
  readonly jitterMs: number;
}

export interface Simulation {
  readonly seed: number;
  readonly server: RateLimitOptions;
  readonly client: PaceOptions;
  readonly requests: number;
  /** What is left out of the server's answers. */
  readonly without?: 'ratelimit' | 'ratelimit-policy';
  readonly neighbour?: Neighbour;
  /** For how long the neighbour has been there when the run begins, in milliseconds. */
  readonly neighbourSinceMs?: number;
}

export interface Simulated {
  readonly wallMs: number;
  /** Of our requests, and of the neighbour's. */
  readonly refused: number;
  readonly neighbourRefused: number;
  readonly sent: number;
  readonly neighbourSent: number;
  readonly waits: readonly WaitReason[];
}

/** From sending to the last byte. */
const LATENCY_MS = { least: 5, most: 50 };
const OK = Buffer.from('{"success":true,"result":{}}');

/** A client with its pacer against a real limiter, on a clock of their own: hours pass in moments, the same for the same seed. */
export async function simulate(simulation: Simulation): Promise<Simulated> {
  const { client: limits, server, neighbour, neighbourSinceMs = 0 } = simulation;
  const clock = new VirtualClock();
  const random = seededRandom(simulation.seed);
  const limiter = new RateLimiter(server);
  const stop = new AbortController();
  const tally = { refused: 0, neighbourRefused: 0, sent: 0, neighbourSent: 0 };

  const get = async (_path: string, signal: AbortSignal): Promise<Answer> => {
    const ms = LATENCY_MS.least + random.below(LATENCY_MS.most - LATENCY_MS.least + 1);
    const untilArrival = random.below(ms + 1);
    await clock.wait(untilArrival, signal);
    tally.sent += 1;
    const admission = limiter.admit(clock.now());
    await clock.wait(ms - untilArrival, signal);
    if ('refusal' in admission) {
      tally.refused += 1;
      const headers = admission.refusal.headers as Answer['headers'];
      return { status: 429, headers, body: Buffer.from(''), ms };
    }
    const headers = admission.headers as Answer['headers'];
    const told = Object.entries(headers).filter(([name]) => name !== simulation.without);
    return { status: 200, headers: Object.fromEntries(told), body: OK, ms };
  };
  const transport: Transport = { get, redact: (text) => text, close: () => Promise.resolve() };

  const pester = async ({ everyMs, jitterMs }: Neighbour): Promise<void> => {
    for (let due = 0; ; due += everyMs) {
      const at = due + (jitterMs === 0 ? 0 : random.below(2 * jitterMs + 1) - jitterMs);
      await clock.wait(Math.max(0, at - clock.elapsed()), stop.signal);
      tally.neighbourSent += 1;
      if ('refusal' in limiter.admit(clock.now())) tally.neighbourRefused += 1;
    }
  };
  const pestering = neighbour && pester(neighbour).catch(() => undefined);
  await clock.pass(neighbourSinceMs);

  const pacer = new Pacer(limits, clock);
  const waits: WaitReason[] = [];
  const lane = pacer.open((reason) => waits.push(reason));
  const emit = (): undefined => undefined;
  const client = new ApiClient({ transport, lane, clock, emit, maxRetries: 0, random: () => 1 });
  const begun = clock.elapsed();
  const limitless = { signal: stop.signal, deadlineAt: Infinity };
  let left = simulation.requests;
  const asking = Array.from({ length: simulation.requests }, (_, index) =>
    client.get(`request ${index}`, '/', { read: () => (left -= 1) }, limitless),
  );
  await clock.pass(0);
  while (left > 0 && clock.step()) await clock.pass(0);
  await Promise.all(asking);
  const wallMs = clock.elapsed() - begun;
  stop.abort();
  pacer.close();
  await pestering;
  return { wallMs, ...tally, waits };
}
