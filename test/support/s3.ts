import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import type { Env } from './program.ts';
import { refusalOf, type Signer } from './sigv4.ts';

export const BUCKET = 'fleet';
export const SIGNER: Signer = {
  accessKeyId: 'AKIDEXAMPLE0123456789',
  secretAccessKey: 'wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY',
  region: 'auto',
};

/** What a request wants, as S3 calls it. */
export type Operation =
  | 'GetObject'
  | 'HeadObject'
  | 'PutObject'
  | 'CreateMultipartUpload'
  | 'UploadPart'
  | 'CompleteMultipartUpload'
  | 'AbortMultipartUpload';

/**
 * What a storage may do instead: answer a status with an error code, close the connection before it has done anything or
 * after it has, never answer, send the request elsewhere, lose the part that it says it has, or not be a storage at all but a
 * web page that is shown whatever is asked for.
 */
export type Fault =
  | { readonly answer: readonly [status: number, code: string, message?: string] }
  | 'cut'
  | 'cut-after'
  | 'hang'
  | 'lose'
  | 'welcome'
  | { readonly redirect: string };

export interface S3Request {
  readonly operation: Operation | undefined;
  readonly key: string;
  readonly headers: IncomingMessage['headers'];
}

interface StoredObject {
  readonly body: Buffer;
  readonly etag: string;
  readonly metadata: Readonly<Record<string, string>>;
}

interface MultipartUpload {
  readonly key: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly parts: Map<number, StoredObject>;
}

/** Parts other than the last, in bytes. */
const SMALLEST_PART = 5 * 1024 * 1024;

/** An object storage with one bucket, as strict as R2 is: it refuses what it does not know. */
export class S3Server {
  readonly objects = new Map<string, StoredObject>();
  readonly uploads = new Map<string, MultipartUpload>();
  readonly requests: S3Request[] = [];
  readonly signer: Signer;
  /** How far the storage's clock is ahead of this machine's, in milliseconds. */
  clockShift = 0;
  readonly #faults: {
    operation: Operation;
    key: string | undefined;
    fault: Fault;
    times: number;
  }[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  constructor(signer: Signer) {
    this.signer = signer;
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Commits a fault at the next requests of an operation, those for one key only if it is given. */
  fail(operation: Operation, fault: Fault, times = 1, key?: string): void {
    this.#faults.push({ operation, key, fault, times });
  }

  /** Resolves when an operation has been asked for so often. */
  async asked(operation: Operation, count = 1): Promise<void> {
    for (;;) {
      if (this.count(operation) >= count) return;
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  count(operation: Operation): number {
    return this.requests.filter((request) => request.operation === operation).length;
  }

  /** An object's bytes; throws if it is not there. */
  bytes(key: string): Buffer {
    const found = this.objects.get(key);
    if (found === undefined)
      throw new Error(`there is no ${key}: ${[...this.objects.keys()].join()}`);
    return found.body;
  }

  put(key: string, body: Buffer | string): void {
    this.objects.set(key, objectOf(Buffer.from(body)));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', 'http://s3');
    const [, bucket = '', ...segments] = url.pathname.split('/').map(decodeURIComponent);
    const asked: Asked = {
      operation: operationOf(request.method ?? '', url.searchParams),
      bucket,
      key: segments.join('/'),
      query: url.searchParams,
      request,
    };
    this.requests.push({ ...asked, headers: request.headers });
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
    const fault = this.#nextFault(asked);
    const body = fault === 'cut' ? undefined : await buffer(request).catch(() => undefined);
    if (fault === 'hang') return;
    const result = body === undefined ? undefined : this.#resultOf(asked, body, fault);
    if (result === undefined || fault === 'cut-after') request.socket.destroy();
    else this.#answer(response, result, request.method === 'HEAD');
  }

  #answer(response: ServerResponse, result: Result, isHead: boolean): void {
    const date = new Date(Date.now() + this.clockShift).toUTCString();
    const isRefusal = 'code' in result;
    response.writeHead(result.status ?? 200, { date, ...result.headers });
    const body = isRefusal ? errorXml(result.code, result.message ?? result.code) : result.body;
    response.end(isHead ? undefined : body);
  }

  #resultOf(asked: Asked, body: Buffer, fault: Fault | undefined): Result {
    if (fault === 'welcome') return { body: '<html><body>Welcome</body></html>' };
    if (typeof fault === 'object' && 'answer' in fault) return refused(...fault.answer);
    if (typeof fault === 'object') {
      return { ...refused(307, 'TemporaryRedirect'), headers: { location: fault.redirect } };
    }
    const { headers } = asked.request;
    const refusal = refusalOf(asked.request, body, this.signer, Date.now() + this.clockShift);
    if (refusal !== undefined) return refused(refusal.startsWith('Author') ? 400 : 403, refusal);
    if (asked.bucket !== BUCKET) return refused(404, 'NoSuchBucket');
    const unknown = Object.keys(headers).find((name) => /checksum|trailer|^content-enc/.test(name));
    if (unknown !== undefined) return refused(501, 'NotImplemented', `Header ${unknown}`);
    return this.#do(asked, body, fault === 'lose');
  }

  #nextFault({ operation, key }: Asked): Fault | undefined {
    const planned = this.#faults.find(
      (each) => each.operation === operation && (each.key ?? key) === key && each.times > 0,
    );
    if (planned === undefined) return undefined;
    planned.times -= 1;
    return planned.fault;
  }

  #do({ operation, key, query, request }: Asked, body: Buffer, isLost: boolean): Result {
    const found = this.objects.get(key);
    const upload = this.uploads.get(query.get('uploadId') ?? '');
    switch (operation) {
      case 'HeadObject':
      case 'GetObject':
        return found === undefined ? refused(404, 'NoSuchKey') : shown(found);
      case 'PutObject': {
        const { 'if-none-match': none, 'if-match': match } = request.headers;
        if (none === '*' && found !== undefined) return refused(412, 'PreconditionFailed');
        if (match !== undefined && match !== found?.etag) return refused(412, 'PreconditionFailed');
        const stored = objectOf(body, metadataOf(request.headers));
        this.objects.set(key, stored);
        return { headers: { etag: stored.etag } };
      }
      case 'CreateMultipartUpload': {
        const id = randomUUID();
        this.uploads.set(id, { key, metadata: metadataOf(request.headers), parts: new Map() });
        return xml(
          `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
        );
      }
      case 'UploadPart': {
        if (upload?.key !== key) return refused(404, 'NoSuchUpload');
        const part = objectOf(body);
        if (!isLost) upload.parts.set(Number(query.get('partNumber')), part);
        return { headers: { etag: part.etag } };
      }
      case 'CompleteMultipartUpload':
        if (upload?.key !== key) return refused(404, 'NoSuchUpload');
        return this.#complete(upload, query.get('uploadId') ?? '', body.toString());
      case 'AbortMultipartUpload':
        if (!this.uploads.delete(query.get('uploadId') ?? '')) return refused(404, 'NoSuchUpload');
        return { status: 204 };
      case undefined:
        return refused(501, 'NotImplemented');
    }
  }

  #complete({ key, metadata, parts }: MultipartUpload, id: string, list: string): Result {
    const named = [...list.matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = '']) => ({
      number: Number(/<PartNumber>(\d+)</.exec(part)?.[1]),
      etag: (/<ETag>(.*?)</.exec(part)?.[1] ?? '').replaceAll('&quot;', '"'),
    }));
    const found = named.map(({ number, etag }) => {
      const part = parts.get(number);
      return part?.etag === etag ? part.body : undefined;
    });
    const bodies = found.filter((body) => body !== undefined);
    if (named.length === 0 || bodies.length !== named.length) return refused(400, 'InvalidPart');
    if (named.some(({ number }, index) => number !== index + 1)) {
      return refused(400, 'InvalidPartOrder');
    }
    const [first = Buffer.alloc(0)] = bodies;
    const all = bodies.slice(0, -1);
    if (all.some(({ length }) => length < SMALLEST_PART)) return refused(400, 'EntityTooSmall');
    if (all.some(({ length }) => length !== first.length)) return refused(400, 'InvalidPart');
    const body = Buffer.concat(bodies);
    const etag = `"${md5(Buffer.concat(bodies.map((part) => Buffer.from(md5(part), 'hex'))))}-${bodies.length}"`;
    this.objects.set(key, { body, etag, metadata });
    this.uploads.delete(id);
    return xml(
      `<CompleteMultipartUploadResult><ETag>${etag}</ETag></CompleteMultipartUploadResult>`,
    );
  }
}

/** A request, taken apart. */
interface Asked {
  readonly operation: Operation | undefined;
  readonly bucket: string;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly request: IncomingMessage;
}

type Headers = Readonly<Record<string, string | number>>;
type Result =
  | { readonly status?: number; readonly headers?: Headers; readonly body?: Buffer | string }
  | Refusal;

interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message?: string | undefined;
  readonly headers?: Headers;
}

function operationOf(method: string, query: URLSearchParams): Operation | undefined {
  const names = [...query.keys()].filter((name) => name !== 'x-id');
  const known: Readonly<Record<string, Operation>> = {
    'GET ': 'GetObject',
    'HEAD ': 'HeadObject',
    'PUT ': 'PutObject',
    'POST uploads': 'CreateMultipartUpload',
    'PUT partNumber,uploadId': 'UploadPart',
    'POST uploadId': 'CompleteMultipartUpload',
    'DELETE uploadId': 'AbortMultipartUpload',
  };
  return known[`${method} ${names.sort().join()}`];
}

function refused(status: number, code: string, message?: string): Refusal {
  return { status, code, message };
}

function shown({ body, etag, metadata }: StoredObject): Result {
  const headers: Record<string, string | number> = { etag, 'content-length': body.length };
  for (const [name, value] of Object.entries(metadata)) headers[`x-amz-meta-${name}`] = value;
  return { headers, body };
}

function xml(body: string): Result {
  return { headers: { 'content-type': 'application/xml' }, body };
}

function errorXml(code: string, message: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;
}

function objectOf(body: Buffer, metadata: Readonly<Record<string, string>> = {}): StoredObject {
  return { body, etag: `"${md5(body)}"`, metadata };
}

function metadataOf(headers: IncomingMessage['headers']): Record<string, string> {
  const prefix = 'x-amz-meta-';
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), String(value)]),
  );
}

function md5(data: Buffer): string {
  return createHash('md5').update(data).digest('hex');
}

/** An object storage that serves until the test ends. */
export interface ServedS3 {
  readonly s3: S3Server;
  readonly endpoint: string;
  /** What the program needs in its environment. */
  readonly env: Env;
}

export async function serveS3(signer: Signer = SIGNER): Promise<ServedS3> {
  const s3 = new S3Server(signer);
  const endpoint = await s3.listen();
  onTestFinished(() => s3.close());
  const { accessKeyId, secretAccessKey, sessionToken, region } = signer;
  const env: Env = {
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    ...(sessionToken !== undefined && { AWS_SESSION_TOKEN: sessionToken }),
  };
  return { s3, endpoint, env };
}
