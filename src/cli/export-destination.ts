import { VERSION } from '../app/version.ts';
import type { Config } from '../config/load.ts';
import type { Destination } from '../export/destination.ts';
import { openFile } from '../export/file.ts';
import { FolderStore } from '../export/dataset/folder-store.ts';
import type { ObjectStore } from '../export/dataset/object-store.ts';
import { isS3Address } from '../export/s3/address.ts';
import type { S3Options } from '../export/s3/bucket.ts';
import { openStdout } from '../export/stdout.ts';

/**
 * Where one export goes.
 *
 * @param output - A file or an address in object storage; `undefined` for standard output.
 * @throws Failure if it may not be written there.
 */
export async function openDestination(
  output: string | undefined,
  config: Config,
  signal: AbortSignal,
): Promise<Destination> {
  if (output === undefined) return openStdout();
  if (!isS3Address(output)) return openFile(output);
  // The SDK takes a fifth of a second to load: only whoever needs it waits.
  const { openS3Destination } = await import('../export/s3/store.ts');
  return openS3Destination(output, s3Options(config, signal));
}

/**
 * Where a dataset is.
 *
 * @param output - A folder or the address of one in object storage.
 * @throws Failure if it cannot be there.
 */
export async function openStore(
  output: string,
  config: Config,
  signal: AbortSignal,
): Promise<ObjectStore> {
  if (!isS3Address(output)) return new FolderStore(output);
  const { S3Store } = await import('../export/s3/store.ts');
  return new S3Store(output, s3Options(config, signal));
}

function s3Options(config: Config, signal: AbortSignal): S3Options {
  return { ...config.objectStorage(), userAgent: ['image-inventory', VERSION], signal };
}
