import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FairQueue } from '../../src/cloudflare/fair-queue.ts';

/** A queue of named requests; what starts is written down. */
function queue() {
  const lanes = new Map<string, object>();
  const started: string[] = [];
  const waiting = new FairQueue();
  const laneOf = (name: string): object => {
    const lane = lanes.get(name) ?? {};
    lanes.set(name, lane);
    return lane;
  };
  const add = (lane: string, id: string): void =>
    waiting.enqueue(
      () => {
        started.push(id);
        return Promise.resolve();
      },
      { id, lane: laneOf(lane) },
    );
  const start = (): void => void waiting.dequeue()?.();
  const waitingIn = (lane: string): number => waiting.filter({ lane: laneOf(lane) }).length;
  return { waiting, started, add, start, waitingIn };
}

test('lanes take turns; one that comes later waits for each of the others once', () => {
  const { started, add, start, waiting } = queue();
  for (const id of ['a1', 'a2', 'a3', 'a4']) add('a', id);
  start();
  for (const id of ['b1', 'b2']) add('b', id);
  start();
  add('c', 'c1');
  while (waiting.size > 0) start();
  expect(started).toEqual(['a1', 'a2', 'b1', 'a3', 'c1', 'b2', 'a4']);
});

test('a request that is not wanted any more is left out, and its lane with it', () => {
  const { started, add, start, waiting, waitingIn } = queue();
  add('a', 'a1');
  add('b', 'b1');
  add('a', 'a2');
  waiting.remove('a1');
  waiting.remove('b1');
  waiting.remove('b1');
  expect([waiting.size, waitingIn('a'), waitingIn('b')]).toEqual([1, 1, 0]);
  start();
  start();
  expect(started).toEqual(['a2']);
});

const LANES = ['a', 'b', 'c'] as const;
const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ add: fc.constantFrom(...LANES) }) },
    { weight: 2, arbitrary: fc.constant('start' as const) },
    { weight: 1, arbitrary: fc.record({ remove: fc.nat(20) }) },
  ),
  { maxLength: 80 },
);

test('whatever comes and goes: first in, first out in a lane, and nobody goes twice while another waits', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const { waiting, started, add, start, waitingIn } = queue();
      const model = new Map<string, string[]>(LANES.map((lane) => [lane, []]));
      /** Of each lane that waits, how often the others went since it last did, or came. */
      const passedBy = new Map<string, string[]>();
      let added = 0;
      for (const step of all) {
        if (step === 'start') {
          const before = started.length;
          start();
          const id = started[before];
          expect(id === undefined).toBe([...model.values()].every(({ length }) => length === 0));
          if (id === undefined) continue;
          const lane = id.charAt(0);
          expect(model.get(lane)?.shift()).toBe(id);
          passedBy.set(lane, []);
          for (const other of LANES) if (other !== lane) passedBy.get(other)?.push(lane);
        } else if ('add' in step) {
          const id = `${step.add}${added}`;
          added += 1;
          add(step.add, id);
          if (model.get(step.add)?.push(id) === 1) passedBy.set(step.add, []);
        } else {
          for (const [lane, ids] of model) {
            const id = `${lane}${step.remove}`;
            waiting.remove(id);
            model.set(
              lane,
              ids.filter((other) => other !== id),
            );
          }
        }
        for (const [lane, ids] of model) {
          expect(waitingIn(lane)).toBe(ids.length);
          const others = ids.length === 0 ? [] : (passedBy.get(lane) ?? []);
          expect(others).toEqual([...new Set(others)]);
        }
      }
    }),
  );
});
