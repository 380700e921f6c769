/**
 * Everything that can go wrong in a way this program foresees. The code is for programs (it is what
 * the ledger stores and what the exit code is decided from), the message and the hint are for people.
 */
export type FailureCode =
  | 'USAGE'
  | 'CONFIG_INVALID'
  | 'DATABASE_UNUSABLE'
  | 'DATABASE_TOO_NEW'
  | 'DATABASE_MISSING'
  | 'DATABASE_LOCKED'
  | 'DATABASE_WRITE_FAILED'
  | 'EXPORT_FAILED'
  | 'DATABASE_DAMAGED'
  | 'ACCESS_REFUSED'
  | 'ROUTE_REFUSED'
  | 'FILTER_REFUSED'
  | 'RATE_LIMITED'
  | 'UNREACHABLE'
  | 'API_ERROR'
  | 'API_GONE'
  | 'BAD_ANSWER'
  | 'ANSWER_TOO_LARGE'
  | 'LIST_REPEATS'
  | 'LIST_INCONSISTENT'
  | 'DEADLINE'
  | 'HELD'
  | 'STALE'
  | 'STOPPED'
  | 'UNEXPECTED';

export interface FailureOptions {
  /** What the reader should do next, as a sentence. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/**
 * An error that was foreseen: it says what was being done, what came back and what to do next.
 * It is thrown where the fault is seen and reported once, at the top.
 */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: FailureCode;
  readonly hint: string | undefined;

  constructor(code: FailureCode, message: string, options: FailureOptions = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
  }
}

/** Any thrown value as a {@link Failure}; one that was not foreseen becomes `UNEXPECTED`. */
export function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  return new Failure('UNEXPECTED', messageOf(error), {
    hint: 'This is a defect of image-inventory, or of the machine. Run again with --log-level debug to see where it happened.',
    cause: error,
  });
}

/** The message of any thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
