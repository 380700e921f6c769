import { inspect } from 'node:util';
import { describe, expect } from 'vitest';
import type { Environment } from '../../src/config/environment.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { ObjectStorage } from '../../src/config/object-storage.ts';
import { failureOf } from '../inventory/failure-of.ts';
import { it } from './config-directory.ts';

const ENDPOINT = 'https://0123.r2.cloudflarestorage.com';
const SECRET = 'wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY';
const PAIR = { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: SECRET };

const storageOf = (env: Environment): ObjectStorage => loadConfig({}, env).objectStorage();

describe('the object storage', () => {
  it('is found with an endpoint and a pair of keys, as for R2', () => {
    const storage = storageOf({ AWS_ENDPOINT_URL_S3: `${ENDPOINT}/`, ...PAIR });
    expect(storage).toMatchObject({ endpoint: ENDPOINT, region: 'auto' });
    expect(storage).toMatchObject({ timeoutMs: 60_000, maxRetries: 5 });
    expect(storage.credentials?.accessKeyId.reveal()).toBe('AKID');
    expect(storage.credentials?.secretAccessKey.reveal()).toBe(SECRET);
    expect(storage.credentials?.sessionToken).toBeUndefined();
    expect(inspect(storage, { depth: null, showHidden: true })).not.toContain(SECRET);
  });

  it('is Amazon’s where there is a region and no endpoint', () => {
    const env = { AWS_DEFAULT_REGION: 'eu-central-1', AWS_SESSION_TOKEN: 'of-an-hour', ...PAIR };
    const storage = storageOf(env);
    expect(storage).toMatchObject({ endpoint: undefined, region: 'eu-central-1' });
    expect(storage.credentials?.sessionToken?.reveal()).toBe('of-an-hour');
    expect(storageOf({ ...env, AWS_REGION: 'us-east-1' }).region).toBe('us-east-1');
  });

  it('goes by the endpoint of S3 before that of all services, and by the settings of requests', () => {
    const env = { AWS_ENDPOINT_URL: 'https://all.example', IMAGE_INVENTORY_TIMEOUT: '5' };
    expect(storageOf(env)).toMatchObject({ endpoint: 'https://all.example', timeoutMs: 5000 });
    expect(storageOf({ ...env, AWS_ENDPOINT_URL_S3: ENDPOINT }).endpoint).toBe(ENDPOINT);
    expect(storageOf({ ...env, AWS_ENDPOINT_URL_S3: '' }).endpoint).toBe('https://all.example');
  });

  it('may have credentials that no variable holds', () => {
    expect(storageOf({ AWS_ENDPOINT_URL_S3: ENDPOINT }).credentials).toBeUndefined();
  });

  it('reads each secret from a file as well', ({ directory }) => {
    const file = directory.write('secret', `${SECRET}\n`);
    const env = { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY_FILE: file };
    const { credentials } = storageOf({ AWS_ENDPOINT_URL_S3: ENDPOINT, ...env });
    expect(credentials?.secretAccessKey.reveal()).toBe(SECRET);
  });

  it('may be plain http on this machine only', () => {
    for (const host of ['127.0.0.1:9000', 'localhost:9000', '[::1]:9000']) {
      const endpoint = `http://${host}`;
      expect(storageOf({ AWS_ENDPOINT_URL_S3: endpoint }).endpoint).toBe(endpoint);
    }
  });

  it.for<[Environment, string]>([
    [{}, 'nothing says where'],
    [PAIR, 'nothing says where'],
    [{ AWS_ENDPOINT_URL_S3: ENDPOINT, AWS_ACCESS_KEY_ID: 'a' }, 'AWS_SECRET_ACCESS_KEY is not'],
    [{ AWS_ENDPOINT_URL_S3: ENDPOINT, AWS_SECRET_ACCESS_KEY: SECRET }, 'AWS_ACCESS_KEY_ID is not'],
    [{ AWS_ENDPOINT_URL_S3: 'http://minio.internal:9000' }, 'AWS_ENDPOINT_URL_S3 is wrong'],
    [{ AWS_ENDPOINT_URL: 'minio' }, 'AWS_ENDPOINT_URL is wrong'],
    [{ AWS_ENDPOINT_URL_S3: `https://me:${SECRET}@example.com` }, 'AWS_ENDPOINT_URL_S3 is wrong'],
    [{ AWS_ENDPOINT_URL_S3: `${ENDPOINT}/?a=${SECRET}` }, 'AWS_ENDPOINT_URL_S3 is wrong'],
    [{ AWS_ENDPOINT_URL_S3: ENDPOINT, AWS_REGION: `a/${SECRET}` }, 'AWS_REGION is wrong'],
    [
      { AWS_ENDPOINT_URL_S3: ENDPOINT, ...PAIR, AWS_SESSION_TOKEN: `${SECRET} x` },
      'with quotes, spaces',
    ],
  ])('is refused, without its secrets: %j', ([env, says]) => {
    const failure = failureOf(() => storageOf(env));
    expect(failure).toMatchObject({ code: 'CONFIG_INVALID' });
    expect(failure.message).toContain(says);
    const everything = inspect(failure, { depth: null, showHidden: true });
    expect(everything).not.toContain(SECRET.slice(0, 9));
  });
});
