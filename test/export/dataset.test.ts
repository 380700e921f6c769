import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { addRun, type AddedRun, type DatasetRun } from '../../src/export/dataset/dataset.ts';
import type { Destination } from '../../src/export/destination.ts';
import type { Manifest } from '../../src/export/dataset/manifest.ts';
import { Failure } from '../../src/inventory/failure.ts';
import { bucketPlace, folderPlace, type DatasetPlace } from '../support/dataset-place.ts';

const schema = z.fromJSONSchema(
  JSON.parse(
    readFileSync(new URL('../../config/dataset.schema.json', import.meta.url), 'utf8'),
  ) as z.core.JSONSchema.JSONSchema,
);

const hashOf = (content: string): string => createHash('sha256').update(content).digest('hex');

/** A run that ended in its hour of a day. */
function runOf(runId: number, content: string, more: Partial<DatasetRun> = {}): DatasetRun {
  const finishedAt = `2026-01-01T${String(runId).padStart(2, '0')}:00:00.000Z`;
  const contentHash = hashOf(content);
  return { accountId: 'a', runId, finishedAt, contentHash, sameSince: 1, ...more };
}

interface Place extends DatasetPlace {
  /** Adds a run whose file holds its content. */
  readonly add: (runId: number, content: string, more?: Partial<DatasetRun>) => Promise<AddedRun>;
  /** The contents of the Parquet files. */
  readonly contents: () => Record<string, string>;
  readonly manifest: () => Manifest;
}

const FOLDER = 'account_id=a';

function placeOf(place: DatasetPlace): Place {
  return {
    ...place,
    add: (runId, content, more) =>
      addRun(place.store, runOf(runId, content, more), writing(content)),
    contents: () =>
      Object.fromEntries(
        Object.entries(place.files())
          .filter(([path]) => path.endsWith('.parquet'))
          .map(([path, content]) => [path.replace(`${FOLDER}/`, ''), content]),
      ),
    manifest: () => JSON.parse(place.files()[`${FOLDER}/_manifest.json`] ?? '') as Manifest,
  };
}

function writing(content: string) {
  return async (destination: Destination) => {
    await pipeline([Buffer.from(content)], destination.stream);
    await destination.commit();
    return { images: content.length, bytes: content.length, sha256: hashOf(content) };
  };
}

/** A manifest of files of the first run, unless its lines say otherwise. */
function manifestOf(...lines: readonly Readonly<Record<string, unknown>>[]): string {
  const finished_at = '2025-01-01T00:00:00.000Z';
  const file = { file: 'run=1/part-00000.parquet', bytes: 1, sha256: hashOf('A') };
  const first = { run: 1, finished_at, images: 1, content_hash: hashOf('A'), ...file };
  const runs = lines.map((line) => ({ ...first, ...line }));
  return JSON.stringify({ version: 1, account_id: 'a', runs });
}

async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Failure)) throw new Error('no failure', { cause: error });
  return error;
}

describe.each([
  ['in a folder', () => placeOf(folderPlace())],
  ['in a bucket', async () => placeOf(await bucketPlace())],
] as const)('%s', (_, serve) => {
  describe('a dataset', () => {
    test('gains a file for each run with different images, and a line in the manifest for each run', async () => {
      const { add, contents, files, manifest } = await serve();
      const told = [await add(1, 'A'), await add(2, 'A'), await add(3, 'BB'), await add(5, 'A')];
      expect(told.map(({ outcome, path }) => [outcome, path])).toEqual([
        ['added', 'account_id=a/run=1/part-00000.parquet'],
        ['same', 'account_id=a/run=1/part-00000.parquet'],
        ['added', 'account_id=a/run=3/part-00000.parquet'],
        ['added', 'account_id=a/run=5/part-00000.parquet'],
      ]);
      expect(contents()).toEqual({
        'run=1/part-00000.parquet': 'A',
        'run=3/part-00000.parquet': 'BB',
        'run=5/part-00000.parquet': 'A',
      });
      expect(schema.safeParse(manifest()).error).toBeUndefined();
      expect(manifest().runs.map(({ run, same_as }) => [run, same_as])).toEqual([
        [1, undefined],
        [2, 1],
        [3, undefined],
        [5, undefined],
      ]);
      expect(manifest().runs[2]).toEqual({
        run: 3,
        finished_at: '2026-01-01T03:00:00.000Z',
        images: 2,
        content_hash: hashOf('BB'),
        file: 'run=3/part-00000.parquet',
        bytes: 2,
        sha256: hashOf('BB'),
      });
      expect(files()['account_id=a/_manifest.json']?.split('\n')).toHaveLength(2);
    });

    test('of which a third run is the same as the first names the file, not the run between', async () => {
      const { add, manifest } = await serve();
      for (const run of [1, 2, 3]) await add(run, 'A');
      expect(manifest().runs.map(({ same_as }) => same_as)).toEqual([undefined, 1, 1]);
    });

    test('gains nothing from a run that it has, and nothing is written', async () => {
      const { add, files } = await serve();
      await add(1, 'A');
      await add(2, 'A');
      await add(3, 'B');
      const before = files();
      for (const run of [3, 2, 1]) {
        expect(await add(run, run === 3 ? 'B' : 'A')).toMatchObject({ outcome: 'present' });
      }
      expect(files()).toEqual(before);
    });

    test('writes the images of a run of which the ledger has no hash', async () => {
      const { add, contents, manifest } = await serve();
      await add(1, 'A', { contentHash: null });
      await add(2, 'A', { contentHash: null });
      expect(Object.keys(contents())).toHaveLength(2);
      expect(schema.safeParse(manifest()).error).toBeUndefined();
    });

    test('is whole again after a crash between the file and the manifest', async () => {
      const { add, contents, put } = await serve();
      put('account_id=a/run=1/part-00000.parquet', 'left by a crash');
      expect(await add(1, 'A')).toMatchObject({ outcome: 'added' });
      expect(contents()).toEqual({ 'run=1/part-00000.parquet': 'A' });
    });

    test('names no file before a run between that was different, whose file a crash may have left', async () => {
      const { add, contents, manifest, put } = await serve();
      await add(1, 'A');
      put('account_id=a/run=2/part-00000.parquet', 'B');
      expect(await add(3, 'A', { sameSince: 3 })).toMatchObject({ outcome: 'added' });
      expect(Object.keys(contents())).toContain('run=3/part-00000.parquet');
      expect(await add(4, 'A', { sameSince: 3 })).toMatchObject({ outcome: 'same' });
      expect(manifest().runs.map(({ same_as }) => same_as)).toEqual([undefined, undefined, 3]);
    });

    test.for([1, 2])('writes the file of run %i again if somebody took it away', async (run) => {
      const { add, contents, manifest, remove } = await serve();
      await add(1, 'A');
      await add(2, 'A');
      remove('account_id=a/run=1/part-00000.parquet');
      expect(await add(run, 'A')).toMatchObject({ outcome: 'added' });
      expect(contents()).toEqual({ [`run=${run}/part-00000.parquet`]: 'A' });
      expect(manifest().runs).toHaveLength(2);
    });

    test('keeps an account whose id is hostile in its folder', async () => {
      const { add, files } = await serve();
      const accountId = '../é=%/\u0000*';
      await add(1, 'A', { accountId });
      const folder = 'account_id=..%2F%C3%A9%3D%25%2F%00%2A';
      expect(Object.keys(files())).toEqual([
        `${folder}/_manifest.json`,
        `${folder}/run=1/part-00000.parquet`,
      ]);
      expect(await add(1, 'A', { accountId })).toMatchObject({ outcome: 'present' });
    });
  });

  describe('of two writers at once', () => {
    test('both add their runs', async () => {
      const { store, add, manifest } = await serve();
      const write = async (destination: Destination) => {
        await add(1, 'A');
        return writing('B')(destination);
      };
      await addRun(store, runOf(2, 'B'), write);
      expect(manifest().runs.map(({ run }) => run)).toEqual([1, 2]);
    });

    test('the same run is there once', async () => {
      const { store, add, manifest } = await serve();
      const write = async (destination: Destination) => {
        await add(1, 'A');
        return writing('A')(destination);
      };
      expect(await addRun(store, runOf(1, 'A'), write)).toMatchObject({ outcome: 'added' });
      expect(manifest().runs).toHaveLength(1);
    });

    test('the earlier run is refused where it comes too late', async () => {
      const { store, add, manifest } = await serve();
      const write = async (destination: Destination) => {
        await add(2, 'A');
        return writing('B')(destination);
      };
      expect((await failureOf(addRun(store, runOf(1, 'B'), write))).code).toBe('USAGE');
      expect(manifest().runs.map(({ run }) => run)).toEqual([2]);
    });
  });

  describe('a dataset refuses', () => {
    test.for<[what: string, runId: number, more: Partial<DatasetRun>, says: string]>([
      ['an earlier run', 2, {}, 'run 2 is earlier'],
      [
        'its run of another database',
        3,
        { finishedAt: '2026-01-09T00:00:00.000Z' },
        'another database',
      ],
      [
        'a later run of another database',
        9,
        { finishedAt: '2025-01-01T00:00:00.000Z' },
        'another database',
      ],
      [
        'an early run of a new database',
        1,
        { finishedAt: '2026-01-09T00:00:00.000Z' },
        'another database',
      ],
    ])('%s', async ([, runId, more, says]) => {
      const { add, contents } = await serve();
      await add(3, 'A');
      const before = contents();
      const failure = await failureOf(add(runId, 'B', more));
      expect(failure).toMatchObject({ code: 'USAGE', hint: expect.any(String) as string });
      expect(failure.message).toContain(says);
      expect(contents()).toEqual(before);
    });

    test.for<[string, string]>([
      ['no JSON', 'is no manifest'],
      ['[]', 'is no manifest'],
      ['{"version":2}', 'newer version'],
      ['{"version":1,"account_id":"b","runs":[]}', 'another account'],
      ['{"version":1,"account_id":"a","runs":[{"run":1}]}', 'is damaged'],
      ['{"version":1,"account_id":"a"}', 'is damaged'],
    ])('what it cannot go on from: %s', async ([text, says]) => {
      const { add, contents, put } = await serve();
      put('account_id=a/_manifest.json', text);
      const failure = await failureOf(add(1, 'A'));
      expect(failure.message).toContain('account_id=a/_manifest.json');
      expect(failure.message).toContain(says);
      expect(contents()).toEqual({});
    });

    // Somebody else may write to the bucket.
    test.for<[what: string, ...lines: Readonly<Record<string, unknown>>[]]>([
      ['a path that leads elsewhere', { file: '../account_id=b/run=1/part-00000.parquet' }],
      ['a path that is none', { file: '\u0000' }],
      ['a run before the first', { run: -1, file: 'run=-1/part-00000.parquet' }],
      ['a run that is the same as a later one', { same_as: 2, file: 'run=2/part-00000.parquet' }],
      ['a size that is none', { bytes: -1 }],
      ['a time that is none', { finished_at: 'z' }],
      ['a hash that is none', { content_hash: 'x' }],
      ['one run twice', {}, {}],
      ['runs out of order', { run: 2, file: 'run=2/part-00000.parquet' }, {}],
    ])('a manifest with %s', async ([, ...lines]) => {
      const { add, contents, put } = await serve();
      put('account_id=a/_manifest.json', manifestOf(...lines));
      expect((await failureOf(add(1, 'A'))).message).toContain('_manifest.json is damaged');
      expect(contents()).toEqual({});
    });
  });
});
