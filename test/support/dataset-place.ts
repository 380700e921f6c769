import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { FolderStore } from '../../src/export/dataset/folder-store.ts';
import type { ObjectStore } from '../../src/export/dataset/object-store.ts';
import { S3Store } from '../../src/export/s3/store.ts';
import { temporaryFolder } from './folder.ts';
import { BUCKET, serveS3 } from './s3.ts';
import { s3Options } from './s3-options.ts';

/** A place of datasets, and a way to look at it and to change it that is not the program's. */
export interface DatasetPlace {
  readonly store: ObjectStore;
  /** Every file's text by its path, sorted. */
  readonly files: () => Record<string, string>;
  readonly put: (path: string, text: string) => void;
  readonly remove: (path: string) => void;
}

/** A folder that is not there yet. */
export function folderPlace(): DatasetPlace {
  const root = join(temporaryFolder(), 'not/yet');
  return {
    store: new FolderStore(root),
    files: () => Object.fromEntries(filesBelow(root).map((path) => [path, textOf(root, path)])),
    put: (path, text) => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    },
    remove: (path) => rmSync(join(root, path)),
  };
}

/** A prefix of a bucket of its own. */
export async function bucketPlace(): Promise<DatasetPlace> {
  const { s3, endpoint } = await serveS3();
  return {
    store: new S3Store(`s3://${BUCKET}/some/prefix`, s3Options(endpoint)),
    files: () => {
      const found = [...s3.objects].map(([key, { body }]) => [
        relative('some/prefix', key),
        body.toString(),
      ]);
      return Object.fromEntries(found.sort()) as Record<string, string>;
    },
    put: (path, text) => s3.put(`some/prefix/${path}`, text),
    remove: (path) => s3.objects.delete(`some/prefix/${path}`),
  };
}

/** Paths of all files below a folder, sorted. */
export function filesBelow(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(root, path)).isFile())
    .sort();
}

function textOf(root: string, path: string): string {
  return readFileSync(join(root, path), 'utf8');
}
