import { describe, expect, it } from 'vitest';
import { asFailure, Failure, messageOf } from '../../src/inventory/failure.ts';

describe('Failure', () => {
  it('carries its code, message, hint and cause', () => {
    const cause = new Error('ECONNRESET');
    const failure = new Failure('UNREACHABLE', 'no answer', { hint: 'Try again.', cause });
    expect(failure).toBeInstanceOf(Error);
    expect(failure).toMatchObject({
      name: 'Failure',
      code: 'UNREACHABLE',
      message: 'no answer',
      hint: 'Try again.',
      cause,
    });
    expect(String(failure)).toBe('Failure: no answer');
  });

  it('needs neither hint nor cause', () => {
    const failure = new Failure('HELD', 'held');
    expect(failure.hint).toBeUndefined();
    expect(failure.cause).toBeUndefined();
  });
});

describe('asFailure', () => {
  it('gives a failure back as the one it is', () => {
    const failure = new Failure('STALE', 'stale');
    expect(asFailure(failure)).toBe(failure);
  });

  it('makes UNEXPECTED of any other error, and keeps it as the cause', () => {
    const error = new TypeError('x is not a function');
    const failure = asFailure(error);
    expect(failure).toMatchObject({ code: 'UNEXPECTED', message: error.message, cause: error });
    expect(failure.hint).toContain('--log-level debug');
  });

  it.each([
    ['a text', 'a text'],
    [undefined, 'undefined'],
    [null, 'null'],
    [42, '42'],
  ])('takes the thrown value %j', (thrown, message) => {
    expect(asFailure(thrown)).toMatchObject({ code: 'UNEXPECTED', message, cause: thrown });
  });
});

describe('messageOf', () => {
  it('is the message of an error, and the text of anything else', () => {
    expect(messageOf(new RangeError('too far'))).toBe('too far');
    expect(messageOf('plain')).toBe('plain');
    expect(messageOf(undefined)).toBe('undefined');
  });
});
