import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PaceOptions } from '../../src/cloudflare/pace.ts';
import { PacerModel, type Action } from '../support/pacer-model.ts';

const limits = fc.record({
  concurrency: fc.integer({ min: 1, max: 6 }),
  requests: fc.integer({ min: 1, max: 8 }),
  intervalMs: fc.constantFrom(10, 300, 1000),
});
const policy = fc.record({
  requests: fc.integer({ min: 1, max: 20 }),
  intervalMs: fc.constantFrom(10, 1000, 5000, 400_000),
});
const quota = fc.record({
  remaining: fc.nat(20),
  resetMs: fc.constantFrom(0, 1000, 3000),
  policy: fc.option(policy, { nil: undefined }),
});
const which = fc.nat(100);
const ms = fc.oneof(fc.nat(20), fc.nat(3000));
const step = <T extends string>(name: T) => fc.constant(name);
const asking = fc.record({ do: step('ask'), which, times: fc.integer({ min: 1, max: 9 }) });
const answering = fc.record({ do: fc.constantFrom('answer', 'fault'), which });
const action: fc.Arbitrary<Action> = fc.oneof(
  { arbitrary: asking, weight: 3 },
  { arbitrary: answering, weight: 4 },
  { arbitrary: fc.record({ do: step('pass'), ms }), weight: 3 },
  fc.record({ do: step('open') }),
  fc.record({ do: fc.constantFrom('dispose', 'abort'), which }),
  fc.record({ do: step('pause'), ms, reason: fc.constantFrom('throttled', 'quota-low') }),
  fc.record({ do: step('observe'), which, quota }),
  fc.record({ do: step('reconfigure'), limits }),
);

const history = fc.array(action, { minLength: 5, maxLength: 60 });
const tickMs = fc.constantFrom(0, 0.01, 0.3, 1, 7);

/** What has happened to a pacer, moments apart or in one moment. */
async function play(options: PaceOptions, tick: number, actions: readonly Action[]) {
  const model = new PacerModel(options, tick);
  for (const each of actions) await model.apply(each);
  return model;
}

test('whatever happens, no request waits forever, and none starts too early', async () => {
  await fc.assert(
    fc.asyncProperty(limits, tickMs, history, async (...given) => {
      const model = await play(...given);
      await model.settle();
      model.pacer.close();
      await model.clock.pass(0);
      expect(model.clock.waiting).toBe(0);
      expect(model.broken).toEqual([]);
    }),
    { numRuns: 400 },
  );
});

test('where the server says nothing, none waits for the answers of others while there is room', async () => {
  const silent = history.map((actions) =>
    actions.filter((each) => each.do !== 'pause' && each.do !== 'observe'),
  );
  await fc.assert(
    fc.asyncProperty(limits, tickMs, silent, async (...given) => {
      const model = await play(...given);
      await model.clock.pass(2500);
      expect(model.in('waiting').length > 0 && model.hasRoom).toBe(false);
      expect(model.broken).toEqual([]);
      model.pacer.close();
    }),
    { numRuns: 200 },
  );
});
