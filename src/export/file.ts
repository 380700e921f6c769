import { randomBytes } from 'node:crypto';
import { open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Writable } from 'node:stream';
import { Failure, messageOf } from '../inventory/failure.ts';
import type { Destination } from './destination.ts';
import { exportFailed } from './export-failed.ts';
import { resolveTarget, type Target } from './target.ts';

/**
 * A file. What is written goes to a hidden file beside it, which takes its name when it is on the disk: there is a whole file
 * of that name, or what was there before. A pipe or a device is written to directly.
 *
 * @param file - As a person names it.
 * @throws Failure `USAGE` if it may not or cannot be written there.
 */
export async function openFile(file: string): Promise<Destination> {
  const target = resolveTarget(file);
  return target.is === 'device' ? openDevice(target.path) : openBeside(file, target);
}

async function openDevice(path: string): Promise<Destination> {
  // Appending, so that nothing is cut off that may stand behind it.
  const handle = await opened(path, 'a');
  return {
    name: path,
    stream: streamTo(handle),
    commit: () => handle.close(),
    abandon: () => handle.close().catch(() => undefined),
  };
}

async function openBeside(
  file: string,
  { path, mode }: Extract<Target, { is: 'file' }>,
): Promise<Destination> {
  await removeLeftovers(path);
  const partial = join(dirname(path), partialPrefix(path) + randomBytes(4).toString('hex'));
  // Who may not read the file that is replaced may not read the new one, at no moment.
  const handle = await opened(partial, 'wx', path, mode);
  const abandon = async (): Promise<void> => {
    await handle.close().catch(() => undefined);
    await rm(partial, { force: true }).catch(() => undefined);
  };
  try {
    // What the umask took away.
    if (mode !== undefined) await handle.chmod(mode);
  } catch (error) {
    await abandon();
    throw exportFailed(path, error);
  }
  return {
    name: path,
    stream: streamTo(handle),
    commit: async () => {
      try {
        await finish(handle);
        // Writing takes a while: what came there meanwhile is looked at as what was there before.
        resolveTarget(file);
        await rename(partial, path);
        await syncFolder(dirname(path));
      } catch (error) {
        throw exportFailed(path, error);
      }
    },
    abandon,
  };
}

/** Writes to a file that stays open: it is synced and closed afterwards. */
function streamTo(handle: FileHandle): Writable {
  return new Writable({
    highWaterMark: 1024 * 1024,
    write: (piece: Uint8Array, _encoding, done) =>
      void handle.writeFile(piece).then(() => done(), done),
  });
}

async function opened(
  path: string,
  flags: string,
  named = path,
  mode = 0o666,
): Promise<FileHandle> {
  try {
    return await open(path, flags, mode);
  } catch (error) {
    if (['ENOSPC', 'EDQUOT', 'EIO'].includes(errorCode(error) ?? ''))
      throw exportFailed(named, error);
    throw new Failure('USAGE', `the output ${named} cannot be made: ${messageOf(error)}`, {
      hint: 'Name a file in a folder that this user may write.',
      cause: error,
    });
  }
}

async function finish(handle: FileHandle): Promise<void> {
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Waits until the names in a folder are on the disk, where a system lets one wait for that. */
async function syncFolder(path: string): Promise<void> {
  try {
    await finish(await open(path, 'r'));
  } catch (error) {
    if (!['EACCES', 'EINVAL', 'EISDIR', 'EPERM'].includes(errorCode(error) ?? '')) throw error;
  }
}

/** A file that nobody has written to for so long was left by a process that was killed, in milliseconds. */
const ABANDONED_AFTER_MS = 60 * 60 * 1000;

const partialPrefix = (path: string): string => `.${basename(path)}.incomplete-`;

/** Removes what killed processes have left beside the target. That it cannot be looked for or removed stops nothing. */
async function removeLeftovers(path: string): Promise<void> {
  const folder = dirname(path);
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((found) => found.startsWith(partialPrefix(path)))) {
    const leftover = join(folder, name);
    const stats = await stat(leftover).catch(() => undefined);
    if (stats === undefined || Date.now() - stats.mtimeMs < ABANDONED_AFTER_MS) continue;
    await rm(leftover, { force: true }).catch(() => undefined);
  }
}

function errorCode(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
