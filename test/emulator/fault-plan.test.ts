import { describe, expect, it } from 'vitest';
import { FaultPlan } from '../../src/emulator/faults.ts';
import { IMAGES, startEmulator } from '../support/emulator.ts';

/** Gives these numbers, one a call, and then fails. */
function draws(...numbers: number[]): () => number {
  const left = numbers.values();
  return () => {
    const { value, done } = left.next();
    if (done === true) throw new RangeError('nobody expected another draw');
    return value;
  };
}

const never = draws();

describe('a fault', () => {
  it('comes to every request, for ever, unless it is told otherwise', () => {
    const plan = new FaultPlan(never);
    plan.add({ name: 'hang' });

    for (let request = 0; request < 100; request += 1) expect(plan.next('/any')).toBe('hang');
  });

  it('comes as many times as it is told, and never again', () => {
    const plan = new FaultPlan(never);
    plan.add({ name: 'reset', times: 2 });

    expect([1, 2, 3, 4].map(() => plan.next('/any'))).toEqual([
      'reset',
      'reset',
      undefined,
      undefined,
    ]);
  });

  it('comes only to the requests whose path and query match', () => {
    const plan = new FaultPlan(never);
    plan.add({ name: 'reset', path: /[?&]page=2(&|$)/, times: 1 });

    expect(plan.next('/images/v1?page=1')).toBeUndefined();
    expect(plan.next('/images/v1?page=22')).toBeUndefined();
    expect(plan.next('/images/v1?per_page=10&page=2')).toBe('reset');
    expect(plan.next('/images/v1?per_page=10&page=2')).toBeUndefined();
  });

  it('comes with its probability, and spends its times only when it comes', () => {
    const plan = new FaultPlan(draws(0.3, 0.29, 0.99, 0));
    plan.add({ name: 'reset', probability: 0.3, times: 2 });

    expect([1, 2, 3, 4, 5].map(() => plan.next('/any'))).toEqual([
      undefined,
      'reset',
      undefined,
      'reset',
      undefined,
    ]);
  });

  it('never comes with the probability 0, always with 1', () => {
    const plan = new FaultPlan(draws(0, 0.999_999));
    plan.add({ name: 'hang', probability: 0, times: 1 });
    plan.add({ name: 'reset', probability: 1 });

    expect(plan.next('/any')).toBe('reset');
  });

  it('gives way to the next one when it does not apply', () => {
    const plan = new FaultPlan(never);
    plan.add({ name: 'reset', times: 1 });
    plan.add({ name: 'truncated', path: /page=2/ });
    plan.add({ name: 'gone' });

    expect(plan.next('?page=2')).toBe('reset');
    expect(plan.next('?page=2')).toBe('truncated');
    expect(plan.next('?page=3')).toBe('gone');
  });

  it('is forgotten when the plan is cleared', () => {
    const plan = new FaultPlan(never);
    plan.add({ name: 'hang' });
    plan.clear();

    expect(plan.next('/any')).toBeUndefined();
  });
});

describe('a server with faults', () => {
  it('commits them to the requests that they are for, and draws from what it was given', async () => {
    await using server = await startEmulator({}, { random: draws(0.5, 0) });
    // So small a chance that no other source of numbers would hit it.
    server.emulator.faults.add({ name: 'gone', path: /\/stats$/, probability: 1e-12, times: 1 });
    const statuses = [];
    for (const path of ['', '/stats', '/stats', '/stats', '']) {
      statuses.push((await server.ask(IMAGES + path)).status);
    }

    expect(statuses).toEqual([200, 200, 410, 200, 200]);
  });

  it('has done what it was asked to, though its answer says otherwise', async () => {
    await using server = await startEmulator();
    server.emulator.faults.add({ name: 'error-500' });
    const body = '{"id":"mine"}';

    expect((await server.ask(IMAGES, { method: 'POST', body })).status).toBe(500);
    expect(server.account.find('mine')).toBeDefined();
  });
});
