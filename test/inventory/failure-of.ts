import { Failure } from '../../src/inventory/failure.ts';

/** The failure that a call throws. Anything else that it throws, and a call that succeeds, fails the test. */
export function failureOf(act: () => unknown): Failure {
  try {
    act();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('expected a failure, but nothing was thrown');
}
