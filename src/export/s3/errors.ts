import { Failure, messageOf, type FailureCode } from '../../inventory/failure.ts';

/** What an answer's error code, or status, is to this program. */
interface Kind {
  readonly code: FailureCode;
  readonly hint: string;
}

const REFUSED: Kind = {
  code: 'ACCESS_REFUSED',
  hint: 'Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; they need the right to read and write objects in this bucket (R2: Object Read & Write).',
};
const EXPIRED: Kind = {
  code: 'ACCESS_REFUSED',
  hint: 'The credentials have expired, or their session token is wrong: get new ones.',
};
const SKEWED: Kind = {
  code: 'ACCESS_REFUSED',
  hint: "This machine's clock is wrong: set it (NTP), for requests are signed with the time.",
};
const NO_CREDENTIALS: Kind = {
  code: 'CONFIG_INVALID',
  hint: 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
};
const NO_BUCKET: Kind = {
  code: 'CONFIG_INVALID',
  hint: 'Make the bucket, or correct its name or AWS_ENDPOINT_URL_S3: an endpoint shows only the buckets of its account or region.',
};
const ELSEWHERE: Kind = {
  code: 'CONFIG_INVALID',
  hint: 'The bucket is in another region: correct AWS_REGION and AWS_ENDPOINT_URL_S3 (R2: auto, and the endpoint of its jurisdiction).',
};
const UNREACHABLE: Kind = {
  code: 'UNREACHABLE',
  hint: 'Check AWS_ENDPOINT_URL_S3 and the network; if they are right, run again later.',
};
const BUSY: Kind = {
  code: 'UNREACHABLE',
  hint: 'The storage is busy, or at fault: run again later. What was there is as it was.',
};
const STRANGE: Kind = {
  code: 'BAD_ANSWER',
  hint: 'Is AWS_ENDPOINT_URL_S3 the address of an S3-compatible storage, without the bucket?',
};

const BY_NAME: Readonly<Record<string, Kind>> = {
  CredentialsProviderError: NO_CREDENTIALS,
  ExpiredToken: EXPIRED,
  InvalidToken: EXPIRED,
  TokenRefreshRequired: EXPIRED,
  RequestTimeTooSkewed: SKEWED,
  RequestExpired: SKEWED,
  NoSuchBucket: NO_BUCKET,
  InvalidBucketName: NO_BUCKET,
  PermanentRedirect: ELSEWHERE,
  TemporaryRedirect: ELSEWHERE,
  AuthorizationHeaderMalformed: ELSEWHERE,
  SlowDown: BUSY,
  InvalidPart: BUSY,
  NoSuchUpload: BUSY,
};

/** The error code of an answer of the storage, as S3 names it; `undefined` if there was none. */
export function s3ErrorName(error: unknown): string | undefined {
  return statusOf(error) === undefined ? undefined : (error as Error).name;
}

/** The HTTP status of the answer that an error tells of; `undefined` if there was no answer. */
export function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
  return $metadata?.httpStatusCode;
}

/**
 * An error of the SDK in this program's words. The error itself is left behind: it carries the request's headers and
 * whatever the storage sent, which may show what it was signed with.
 *
 * @param problem - What did not work, as a sentence begins.
 * @param secrets - Taken out of what the storage says.
 */
export function explainS3(error: unknown, problem: string, secrets: readonly string[]): Failure {
  if (error instanceof Failure) return error;
  const said = secrets.reduce(
    (text, secret) => text.replaceAll(secret, '[secret]'),
    tellOf(error).replaceAll(/\s+/g, ' '),
  );
  const { code, hint } = kindOf(error);
  return new Failure(code, `${problem}: ${said}`, { hint });
}

/**
 * What every storage says of what it has taken, such as its tag. What else welcomes any request with 200, as a sign-in page
 * does, has taken nothing.
 *
 * @throws Failure `BAD_ANSWER` if it said nothing.
 */
export function proofOf(said: string | undefined, problem: string): string {
  if (said !== undefined && said !== '') return said;
  throw new Failure(STRANGE.code, `${problem}: what answered is no storage`, {
    hint: STRANGE.hint,
  });
}

function kindOf(error: unknown): Kind {
  const named = error instanceof Error ? BY_NAME[error.name] : undefined;
  if (named !== undefined) return named;
  const status = statusOf(error);
  if (status === undefined) return UNREACHABLE;
  if (status === 401 || status === 403) return REFUSED;
  if (status >= 300 && status < 400) return ELSEWHERE;
  return status === 429 || status >= 500 ? BUSY : STRANGE;
}

/** So much of what a storage says is enough for a line. */
const LONGEST = 300;

function tellOf(error: unknown): string {
  const status = statusOf(error);
  const { code, name } = error as { code?: unknown; name?: unknown };
  const [message, named] = [messageOf(error), String(name)].map((text) => text.slice(0, LONGEST));
  if (status === undefined) return [code, message].filter(Boolean).join(' ');
  return `the storage answered ${status} ${named}${message === named ? '' : `: ${message}`}`;
}
