import fc from 'fast-check';
import { mutations } from './mutations.ts';
import type { Interruption, Round, WorldOptions } from './world.ts';

/** Small accounts: of a few pages, in every order and version, with every bound near. */
export const worlds: fc.Arbitrary<WorldOptions> = fc.record({
  images: fc.nat(45),
  seed: fc.nat(1000),
  order: fc.constantFrom('newest', 'oldest', 'shuffled'),
  version: fc.constantFrom('v1', 'v2'),
  perPage: fc.integer({ min: 10, max: 13 }),
  concurrency: fc.integer({ min: 1, max: 4 }),
  confirmRequests: fc.constantFrom(1, 3, 200),
});

const interruptions: fc.Arbitrary<Interruption> = fc.record({
  kind: fc.constantFrom('stop', 'crash'),
  request: fc.integer({ min: 1, max: 12 }),
});

const faults = fc.record({
  name: fc.constantFrom('error-500', 'html-200', 'truncated', 'empty-list', 'null-result', 'reset'),
  request: fc.integer({ min: 1, max: 10 }),
});

const options = fc.constantFrom(
  {},
  {},
  {},
  { mode: 'dry-run' as const },
  { mode: 'quick' as const },
  { mode: 'quick' as const },
  { mayResume: false },
  { allowMassRemoval: false },
);

/** A run that anything may happen to. */
export const rounds: fc.Arbitrary<Round> = fc.record({
  before: fc.array(mutations, { maxLength: 6 }),
  during: fc.array(fc.option(mutations, { freq: 2 }), { maxLength: 10 }),
  fault: fc.option(faults, { freq: 4 }),
  interruption: fc.option(interruptions, { freq: 2 }),
  options,
});

/** A run that is left alone, but perhaps interrupted: what happens to the account happens before. */
export const quietRounds: fc.Arbitrary<Round> = fc.record({
  before: fc.array(mutations, { maxLength: 6 }),
  during: fc.constant([]),
  fault: fc.constant(null),
  interruption: fc.option(interruptions, { freq: 3 }),
  options,
});

/** A run to which nothing happens. */
export const STILL: Round = {
  before: [],
  during: [],
  fault: null,
  interruption: null,
  options: {},
};
