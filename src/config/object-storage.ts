import type { Secret } from '../inventory/credentials.ts';
import { Failure } from '../inventory/failure.ts';
import { secretVariable, variable, type Environment } from './environment.ts';
import { isSafeAddress, type Settings } from './settings.ts';

/** How an S3-compatible storage is reached, as the variables that its other tools know say it. */
export interface ObjectStorage {
  /** Without a slash at its end; `undefined` for Amazon's own storage. */
  readonly endpoint: string | undefined;
  /** `auto` where there is only one, as with Cloudflare R2. */
  readonly region: string;
  /** `undefined` if no variable holds any: the SDK then looks where Amazon's tools keep theirs. */
  readonly credentials: StorageCredentials | undefined;
  /** How long it may stay silent while a request is under way, in milliseconds. */
  readonly timeoutMs: number;
  /** How often one request is tried again. */
  readonly maxRetries: number;
}

export interface StorageCredentials {
  readonly accessKeyId: Secret;
  readonly secretAccessKey: Secret;
  /** Of credentials that expire. */
  readonly sessionToken: Secret | undefined;
}

const KEY_ID = 'AWS_ACCESS_KEY_ID';
const SECRET_KEY = 'AWS_SECRET_ACCESS_KEY';
const SESSION_TOKEN = 'AWS_SESSION_TOKEN';
const R2_ENDPOINT = 'https://ACCOUNT_ID.r2.cloudflarestorage.com';

/**
 * The object storage that addresses `s3://…` lead to.
 *
 * @throws Failure `CONFIG_INVALID` if a variable is wrong, half of a pair is missing, or nothing says where it is.
 */
export function resolveObjectStorage(env: Environment, settings: Settings): ObjectStorage {
  const endpoint = resolveEndpoint(env);
  return {
    endpoint,
    region: resolveRegion(env, endpoint),
    credentials: resolveCredentials(env),
    timeoutMs: settings['api.timeoutSeconds'] * 1000,
    maxRetries: settings['api.maxRetries'],
  };
}

function resolveEndpoint(env: Environment): string | undefined {
  const names = ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL'];
  const name = names.find((candidate) => variable(env, candidate) !== undefined);
  if (name === undefined) return undefined;
  const endpoint = variable(env, name) ?? '';
  if (!isSafeAddress(endpoint)) {
    // It is not shown: by mistake it may hold credentials.
    throw new Failure('CONFIG_INVALID', `${name} is wrong`, {
      hint: `It must be an https address without query or credentials (plain http only for this machine), such as ${R2_ENDPOINT}.`,
    });
  }
  return endpoint.replace(/\/+$/, '');
}

function resolveRegion(env: Environment, endpoint: string | undefined): string {
  const region = variable(env, 'AWS_REGION') ?? variable(env, 'AWS_DEFAULT_REGION') ?? 'auto';
  if (!/^[a-z\d-]{1,64}$/.test(region)) {
    throw new Failure('CONFIG_INVALID', 'AWS_REGION is wrong', {
      hint: 'It must be the name of a region, such as auto (Cloudflare R2) or eu-central-1.',
    });
  }
  if (endpoint === undefined && region === 'auto') {
    throw new Failure('CONFIG_INVALID', 'nothing says where the object storage is', {
      hint: `Set AWS_ENDPOINT_URL_S3 (Cloudflare R2: ${R2_ENDPOINT}), or AWS_REGION for Amazon's own.`,
    });
  }
  return region;
}

function resolveCredentials(env: Environment): StorageCredentials | undefined {
  const accessKeyId = secretVariable(env, KEY_ID);
  const secretAccessKey = secretVariable(env, SECRET_KEY);
  const sessionToken = secretVariable(env, SESSION_TOKEN);
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    return { accessKeyId, secretAccessKey, sessionToken };
  }
  if (accessKeyId !== undefined) throw half(KEY_ID, SECRET_KEY);
  if (secretAccessKey !== undefined) throw half(SECRET_KEY, KEY_ID);
  return undefined;
}

function half(set: string, unset: string): Failure {
  return new Failure('CONFIG_INVALID', `${set} is set, but ${unset} is not`, {
    hint: `Set ${unset} (or ${unset}_FILE) too: an API token for R2 shows both when it is made.`,
  });
}
