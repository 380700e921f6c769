import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tableFromIPC, type Table } from 'apache-arrow';
import { initSync, readParquet } from 'parquet-wasm/esm';
import { describe, expect, test } from 'vitest';
import type { Manifest } from '../../src/export/dataset/manifest.ts';
import { filesBelow } from '../support/dataset-place.ts';
import { query } from '../support/inventory.ts';
import { ACCOUNT, run, start, type Env, type Finished, type Running } from '../support/program.ts';
import { BUCKET, serveS3, SIGNER, type S3Server } from '../support/s3.ts';
import { serveAccount, type ServedAccount } from '../support/served-account.ts';
import { openTestSession } from '../support/session.ts';
import { statements } from '../support/tamper.ts';

initSync({
  module: readFileSync(new URL(import.meta.resolve('parquet-wasm/esm/parquet_wasm_bg.wasm'))),
});

const PARTITION = ['--format', 'parquet', '--partition', 'account_id,run'];
const FOLDER = `account_id=${ACCOUNT}`;
const FILE = 'part-00000.parquet';

interface Fleet extends ServedAccount {
  readonly s3: S3Server;
  /** Of the inventory and of the storage. */
  readonly all: Env;
  /** Publishes a run. */
  readonly read: () => Promise<void>;
  readonly command: (output: string, ...more: string[]) => string[];
  readonly add: (output: string, ...more: string[]) => Promise<Finished>;
}

async function serveFleet(images = 30): Promise<Fleet> {
  const served = await serveAccount({ images });
  const { s3, env } = await serveS3();
  const all = { IMAGE_INVENTORY_DB: served.database, ...env };
  const command: Fleet['command'] = (output, ...more) => [
    'export',
    ...PARTITION,
    '--output',
    output,
    ...more,
  ];
  return {
    ...served,
    s3,
    all,
    read: async () => {
      const { sync, close } = openTestSession(served.env);
      await sync();
      await close();
    },
    command,
    add: (output, ...more) => run(command(output, ...more), all, served.folder),
  };
}

function tableOf(parquet: Uint8Array): Table {
  return tableFromIPC(readParquet(parquet).intoIPCStream());
}

describe('a dataset of Parquet files', () => {
  test('gains what is new, in a folder and in a bucket alike', async () => {
    const fleet = await serveFleet();
    const root = join(fleet.folder, 'fleet');
    const address = `s3://${BUCKET}/a/fleet`;
    const addBoth = async (says: RegExp): Promise<void> => {
      for (const output of [root, address]) {
        const { code, stdout, stderr } = await fleet.add(output);
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
        expect(stdout.split('\n')[0]).toBe(output);
        expect(stdout).toMatch(says);
      }
    };
    await fleet.read();
    await addBoth(/run 1 +30 images +[\d,]+ bytes +account_id=/);
    await addBoth(/run 1 +30 images +there already/);
    await fleet.read();
    await addBoth(/run 2 +30 images +as run 1/);
    fleet.account.upload({ id: 'new' });
    await fleet.read();
    await addBoth(/run 3 +31 images +[\d,]+ bytes/);

    const paths = [
      `${FOLDER}/_manifest.json`,
      ...[1, 3].map((id) => `${FOLDER}/run=${id}/${FILE}`),
    ];
    expect(filesBelow(root)).toEqual(paths);
    const keys = paths.map((path) => `a/fleet/${path}`);
    expect([...fleet.s3.objects.keys()].sort()).toEqual(keys);
    for (const path of paths) {
      expect(fleet.s3.bytes(`a/fleet/${path}`).equals(readFileSync(join(root, path)))).toBe(true);
    }
    const table = tableOf(fleet.s3.bytes(`a/fleet/${FOLDER}/run=3/${FILE}`));
    const columns = query(fleet.database, "SELECT name FROM pragma_table_info('images')");
    const names = columns.map(({ name }) => name).filter((name) => name !== 'account_id');
    expect(table.schema.fields.map(({ name }) => name)).toEqual(names);
    const ids = [...(table.getChild('id') ?? [])].map(String).sort();
    const rows = query(fleet.database, 'SELECT id FROM images ORDER BY id');
    expect(ids).toEqual(rows.map(({ id }) => id));
  });

  test('gains a run of the past, and none behind a later one', async () => {
    const fleet = await serveFleet();
    for (let round = 0; round < 3; round += 1) {
      fleet.account.upload({ id: `new ${round}` });
      await fleet.read();
    }
    expect((await fleet.add('d', '--as-of', '2')).stdout).toContain('run 2  32 images');
    expect((await fleet.add('d', '--as-of', 'latest')).stdout).toContain('run 3  33 images');
    expect((await fleet.add('d', '--as-of', 'previous')).stdout).toContain('there already');
    const { code, stdout, stderr } = await fleet.add('d', '--as-of', '1');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`${ACCOUNT}: the dataset ${join(fleet.folder, 'd')} has run 3`);
  });

  test('has the images of its last run in its last file, whatever became of the runs between', async () => {
    const fleet = await serveFleet();
    const fileOf = (output: string, runId: number): string =>
      join(fleet.folder, output, FOLDER, `run=${runId}`, FILE);
    await fleet.read();
    await fleet.add('d');
    fleet.account.upload({ id: 'for a while' });
    await fleet.read();
    // As an export leaves it that is killed before it has written the manifest.
    await fleet.add('elsewhere');
    cpSync(join(fileOf('elsewhere', 2), '..'), join(fileOf('d', 2), '..'), { recursive: true });
    fleet.account.delete('for a while');
    await fleet.read();
    expect((await fleet.add('d')).stdout).toMatch(/run 3 +30 images +[\d,]+ bytes/);
    expect(tableOf(readFileSync(fileOf('d', 3))).numRows).toBe(30);
    await fleet.read();
    expect((await fleet.add('d')).stdout).toContain('as run 3');
  });

  test('gains the other accounts where one cannot be added', async () => {
    const fleet = await serveFleet();
    const other = 'f'.repeat(32);
    fleet.emulator.addAccount({ id: other, images: 7, seed: 2 });
    const { sync, close } = openTestSession({
      ...fleet.env,
      CLOUDFLARE_ACCOUNT_ID: `${ACCOUNT},${other}`,
    });
    await sync();
    await close();
    fleet.s3.put(`${FOLDER}/_manifest.json`, '{"version": 2}');
    const { code, stdout, stderr } = await fleet.add(`s3://${BUCKET}`);
    expect(code).toBe(2);
    expect(stderr).toContain('newer version');
    expect(stdout).toContain(`account_id=${other}/run=2/${FILE}`);
    expect(stdout).not.toContain(FOLDER);
  });

  test('gains the others where one has never been read', async () => {
    const fleet = await serveFleet();
    await fleet.read();
    const never = 'e'.repeat(32);
    const { code, stdout, stderr } = await run(
      fleet.command('fleet'),
      { ...fleet.all, CLOUDFLARE_ACCOUNT_ID: `${never},${ACCOUNT}` },
      fleet.folder,
    );
    expect(code).toBe(2);
    expect(stderr).toContain(`never read the account ${never}`);
    expect(stdout).toContain(`${FOLDER}/run=1/${FILE}`);
  });

  test('replaces the file that a process left which was killed before its manifest', async () => {
    const fleet = await serveFleet();
    await fleet.read();
    const manifest = `${FOLDER}/_manifest.json`;
    fleet.s3.fail('PutObject', 'hang', 1, manifest);
    const killed = start(fleet.command(`s3://${BUCKET}`), fleet.all);
    await fleet.s3.asked('PutObject', 2);
    killed.child.kill('SIGKILL');
    await killed.finished;
    expect([...fleet.s3.objects.keys()]).toEqual([`${FOLDER}/run=1/${FILE}`]);
    expect((await fleet.add(`s3://${BUCKET}`)).stdout).toContain('run 1  30 images');
    const { runs } = JSON.parse(fleet.s3.bytes(manifest).toString()) as Manifest;
    expect(runs).toHaveLength(1);
  });

  test.for<[what: string, args: string[], says: string]>([
    ['other columns', ['--partition', 'run'], 'must be account_id,run'],
    [
      'another format',
      ['--partition', 'account_id,run', '--format', 'csv', '--output', 'd'],
      'writes Parquet',
    ],
    [
      'a part of the rows',
      ['--partition', 'account_id,run', '--output', 'd', '--where', 'true'],
      '--where',
    ],
    [
      'a part of the columns',
      ['--partition', 'account_id,run', '--output', 'd', '--columns', 'id'],
      '--columns',
    ],
    [
      'removed images',
      ['--partition', 'account_id,run', '--output', 'd', '--removed'],
      '--removed',
    ],
    ['no place', ['--partition', 'account_id,run'], '--output'],
    ['the standard output', ['--partition', 'account_id,run', '--output', '-'], '--output'],
    [
      'a bucket that cannot be one',
      ['--partition', 'account_id,run', '--output', 's3://A_b/c'],
      'bucket',
    ],
    [
      'a path that leads elsewhere',
      ['--partition', 'account_id,run', '--output', `s3://${BUCKET}/../c`],
      '".."',
    ],
    ['an address without a key', ['--output', `s3://${BUCKET}`], 's3://BUCKET/KEY'],
  ])('is not written with %s', async ([, args, says]) => {
    const fleet = await serveFleet();
    await fleet.read();
    const { code, stdout, stderr } = await run(['export', ...args], fleet.all, fleet.folder);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(says);
    expect(fleet.s3.requests).toEqual([]);
  });

  test('is not written where a file stands in its place', async () => {
    const fleet = await serveFleet();
    await fleet.read();
    writeFileSync(join(fleet.folder, 'd'), '');
    const { code, stderr } = await fleet.add('d');
    expect(code).toBe(2);
    expect(stderr).toContain(join(fleet.folder, 'd'));
  });
});

/** Enough for three parts, whatever compresses it: images of 200 kB, and parts of 8 MiB. */
const ENLARGE = statements(
  "UPDATE stored_images SET meta = json_object('noise', hex(randomblob(600000)))",
);

async function serveLarge(): Promise<Fleet & { readonly begin: () => Running }> {
  const fleet = await serveFleet();
  await fleet.read();
  ENLARGE(fleet.database);
  const begin = (): Running => start(fleet.command(`s3://${BUCKET}/d`), fleet.all);
  return { ...fleet, begin };
}

describe('a large file on its way into a bucket', () => {
  test('arrives whole, whatever fails on the way', async () => {
    const fleet = await serveLarge();
    fleet.s3.fail('CreateMultipartUpload', { answer: [503, 'SlowDown'] });
    fleet.s3.fail('UploadPart', 'cut');
    fleet.s3.fail('UploadPart', { answer: [500, 'InternalError'] });
    fleet.s3.fail('CompleteMultipartUpload', 'cut-after');
    const { code, stderr } = await fleet.begin().finished;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const bytes = fleet.s3.bytes(`d/${FOLDER}/run=1/${FILE}`);
    expect(fleet.s3.count('UploadPart')).toBeGreaterThan(4);
    const table = tableOf(bytes);
    const rows = query(fleet.database, 'SELECT id, meta FROM images ORDER BY uploaded');
    expect([...(table.getChild('meta') ?? [])]).toEqual(rows.map(({ meta }) => meta));
  });

  test('is nowhere if the process is killed', async () => {
    const fleet = await serveLarge();
    fleet.s3.fail('UploadPart', 'hang', 9);
    const killed = fleet.begin();
    await fleet.s3.asked('UploadPart');
    killed.child.kill('SIGKILL');
    await killed.finished;
    expect(fleet.s3.objects.size).toBe(0);
  });

  test.for([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('is taken back on %s', async ([signal, code]) => {
    const fleet = await serveLarge();
    fleet.s3.fail('UploadPart', 'hang', 9);
    const stopped = fleet.begin();
    await fleet.s3.asked('UploadPart');
    stopped.child.kill(signal);
    expect(await stopped.finished).toMatchObject({ code, stdout: '', stderr: '' });
    expect(fleet.s3.count('AbortMultipartUpload')).toBe(1);
    expect([fleet.s3.objects.size, fleet.s3.uploads.size]).toEqual([0, 0]);
  });

  test('is taken back if the storage refuses it', async () => {
    const fleet = await serveLarge();
    fleet.s3.fail('UploadPart', { answer: [403, 'AccessDenied'] }, 9);
    const { code, stderr } = await fleet.begin().finished;
    expect(code).toBe(6);
    expect(stderr).toContain('AccessDenied');
    expect([fleet.s3.objects.size, fleet.s3.uploads.size]).toEqual([0, 0]);
  });
});

describe('object storage', () => {
  test('takes a single file as well', async () => {
    const fleet = await serveFleet();
    await fleet.read();
    const single = (output: string): Promise<Finished> =>
      run(['export', '--output', output], fleet.all, fleet.folder);
    const { code, stdout, stderr } = await single(`s3://${BUCKET}/x/images.csv.gz`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`s3://${BUCKET}/x/images.csv.gz  30 images`);
    await single('images.csv.gz');
    const file = readFileSync(join(fleet.folder, 'images.csv.gz'));
    expect(fleet.s3.bytes('x/images.csv.gz').equals(file)).toBe(true);
  });

  test('costs nothing to whoever does not use it', async () => {
    const fleet = await serveFleet();
    await fleet.read();
    const code = `import { registerHooks } from 'node:module';
      registerHooks({ resolve(name, context, next) {
        if (name.startsWith('@aws-sdk')) throw new Error('loaded');
        return next(name, context);
      } });`;
    const env = {
      ...fleet.all,
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}`,
    };
    expect(await run(fleet.command('d'), env, fleet.folder)).toMatchObject({ code: 0, stderr: '' });
    const used = await run(fleet.command(`s3://${BUCKET}`), env, fleet.folder);
    expect(used.stderr).toContain('loaded');
  });

  test.for<[what: string, env: Env, code: number, says: string]>([
    [
      'a secret that is not the key’s',
      { AWS_SECRET_ACCESS_KEY: 'another-secret' },
      6,
      'SignatureDoesNotMatch',
    ],
    ['half a pair', { AWS_SECRET_ACCESS_KEY: '' }, 2, 'AWS_SECRET_ACCESS_KEY is not'],
    ['another region', { AWS_REGION: 'eu-west-9' }, 2, 'AWS_REGION'],
    ['no endpoint', { AWS_ENDPOINT_URL_S3: '' }, 2, 'AWS_ENDPOINT_URL_S3'],
    ['an endpoint that is not safe', { AWS_ENDPOINT_URL_S3: 'http://example.com' }, 2, 'https'],
    ['nobody at the endpoint', { AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9' }, 3, 'ECONNREFUSED'],
  ])('with %s', async ([, env, code, says]) => {
    const fleet = await serveFleet();
    await fleet.read();
    const retries = { IMAGE_INVENTORY_MAX_RETRIES: '1' };
    const ended = await run(fleet.command(`s3://${BUCKET}`), { ...fleet.all, ...retries, ...env });
    expect(ended).toMatchObject({ code, stdout: '' });
    expect(ended.stderr).toContain(says);
  });

  test('that says our secrets back to us, in a debug log: they are not told', async () => {
    const fleet = await serveFleet();
    await fleet.read();
    const token = 'session-token-of-an-hour';
    const secrets = [SIGNER.secretAccessKey, token];
    const file = join(fleet.folder, 'secret');
    writeFileSync(file, `${SIGNER.secretAccessKey}\n`);
    fleet.s3.fail('GetObject', { answer: [403, 'SignatureDoesNotMatch', secrets.join(' ')] }, 9);
    const { code, stdout, stderr } = await run(
      fleet.command(`s3://${BUCKET}`, '--log-level', 'debug'),
      {
        ...fleet.all,
        AWS_SECRET_ACCESS_KEY: '',
        AWS_SECRET_ACCESS_KEY_FILE: file,
        AWS_SESSION_TOKEN: token,
      },
    );
    expect(code).toBe(6);
    expect(fleet.s3.requests[0]?.headers['x-amz-security-token']).toBe(token);
    expect(stderr).toContain('[secret] [secret]');
    for (const secret of secrets) expect(stdout + stderr).not.toContain(secret);
  });
});
