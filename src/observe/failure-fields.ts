import type { Failure } from '../inventory/failure.ts';

/** What a log line says of a failure. */
export interface FailureFields {
  readonly error_code: string;
  readonly error_message: string;
  readonly hint: string | undefined;
}

export function failureFields({ code, message, hint }: Failure): FailureFields {
  return { error_code: code, error_message: message, hint };
}
