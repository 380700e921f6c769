import { mkdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Failure, messageOf } from '../../inventory/failure.ts';
import type { Destination } from '../destination.ts';
import { openFile } from '../file.ts';
import type { ObjectStore, StoredText } from './object-store.ts';

/** What is below a folder; folders are made as they are needed. */
export class FolderStore implements ObjectStore {
  readonly name: string;

  constructor(folder: string) {
    this.name = resolve(folder);
  }

  async open(path: string): Promise<Destination> {
    const file = join(this.name, path);
    try {
      await mkdir(dirname(file), { recursive: true });
    } catch (error) {
      throw refusal(file, 'cannot be made', error);
    }
    return openFile(file);
  }

  async size(path: string): Promise<number | undefined> {
    const file = join(this.name, path);
    return (await stat(file).catch((error: unknown) => undefinedIfMissing(error, file)))?.size;
  }

  async read(path: string): Promise<StoredText | undefined> {
    const file = join(this.name, path);
    const text = await readFile(file, 'utf8').catch((error: unknown) =>
      undefinedIfMissing(error, file),
    );
    return text === undefined ? undefined : { text, tag: text };
  }

  /**
   * Between the last look at the file and its renaming others may still write it. What they added is then missing from it,
   * though its file is there, and is added again by the next export.
   */
  async replace(path: string, text: string, before: StoredText | undefined): Promise<boolean> {
    const destination = await this.open(path);
    try {
      await pipeline([Buffer.from(text)], destination.stream);
      const isUnseen = (await this.read(path))?.tag !== before?.tag;
      await (isUnseen ? destination.abandon() : destination.commit());
      return !isUnseen;
    } catch (error) {
      await destination.abandon();
      throw error;
    }
  }
}

function undefinedIfMissing(error: unknown, file: string): undefined {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
  throw refusal(file, 'cannot be read', error);
}

function refusal(file: string, what: string, cause: unknown): Failure {
  return new Failure('USAGE', `${file} ${what}: ${messageOf(cause)}`, {
    hint: 'Name a folder that this user may write, or one that can be made.',
    cause,
  });
}
