import { Failure, messageOf } from '../inventory/failure.ts';

/** What the system said while an export was written, as a {@link Failure}; any other error as it is. */
export function exportFailed(name: string, error: unknown): unknown {
  if (!(error instanceof Error) || !('syscall' in error)) return error;
  return new Failure('EXPORT_FAILED', `the export to ${name} failed: ${messageOf(error)}`, {
    hint: 'Check the disk, and whether there is room on it.',
    cause: error,
  });
}
