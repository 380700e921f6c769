import { randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
  type CompletedPart,
} from '@aws-sdk/client-s3';
import type { Destination } from '../destination.ts';
import type { S3Bucket } from './bucket.ts';
import { proofOf, s3ErrorName } from './errors.ts';

/** All parts but the last are of this size, as R2 wants it; 10,000 of them are the most, so an object holds up to 80 GiB. */
const PART_BYTES = 8 * 1024 * 1024;
/** Parts under way at once. One more is being filled, which bounds the memory. */
const PARTS_AT_ONCE = 3;
/** Names the upload that made an object, in its metadata. */
const MARK = 'upload';
const PROBLEM = 'cannot be written';

/**
 * An object that is uploaded while it is written: in parts, or at once if it is smaller than one. Until `commit` the
 * storage shows nothing of it.
 */
export class S3Upload implements Destination {
  readonly name: string;
  readonly stream: Writable;
  readonly #bucket: S3Bucket;
  readonly #key: string;
  readonly #mark = randomUUID();
  readonly #parts: CompletedPart[] = [];
  readonly #underWay = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  #filling = Buffer.allocUnsafe(PART_BYTES);
  #filled = 0;
  #uploadId: Promise<string> | undefined;
  #nextPart = 1;

  constructor(bucket: S3Bucket, key: string) {
    this.name = bucket.address(key);
    this.#bucket = bucket;
    this.#key = key;
    this.stream = new Writable({
      write: (chunk: Buffer, _encoding, done) => void this.#take(chunk).then(() => done(), done),
      final: (done) => void this.#finish().then(() => done(), done),
    });
  }

  async commit(): Promise<void> {
    if (this.#uploadId === undefined) await this.#putWhole();
    else await this.#complete(await this.#uploadId);
  }

  async abandon(): Promise<void> {
    this.stream.on('error', () => undefined).destroy();
    const uploadId = await this.#uploadId?.catch(() => undefined);
    if (uploadId === undefined) return;
    // A part that arrives after the upload was aborted may stay in the storage.
    this.#stop.abort();
    await Promise.allSettled(this.#underWay);
    await this.#bucket.tidy((client, options) =>
      client.send(new AbortMultipartUploadCommand({ ...this.#place, UploadId: uploadId }), options),
    );
  }

  get #place(): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.#bucket.name, Key: this.#key };
  }

  async #take(chunk: Buffer): Promise<void> {
    for (let from = 0; from < chunk.length;) {
      if (this.#filled === PART_BYTES) await this.#sendPart();
      const copied = chunk.copy(this.#filling, this.#filled, from);
      this.#filled += copied;
      from += copied;
    }
  }

  async #finish(): Promise<void> {
    if (this.#uploadId !== undefined) await this.#sendPart();
    await Promise.all(this.#underWay);
  }

  /** Hands the filled part over, and waits for one of those under way if they are many. */
  async #sendPart(): Promise<void> {
    this.#uploadId ??= this.#create();
    const uploadId = await this.#uploadId;
    const body = this.#filling.subarray(0, this.#filled);
    this.#filling = Buffer.allocUnsafe(PART_BYTES);
    this.#filled = 0;
    const sent = this.#upload(uploadId, this.#nextPart, body);
    this.#nextPart += 1;
    this.#underWay.add(sent);
    // One that fails stays among them, so that whoever waits next hears of it.
    sent.then(
      () => this.#underWay.delete(sent),
      () => undefined,
    );
    if (this.#underWay.size >= PARTS_AT_ONCE) await Promise.race(this.#underWay);
  }

  async #create(): Promise<string> {
    const { UploadId } = await this.#bucket.ask(this.#key, PROBLEM, (client, options) =>
      client.send(
        new CreateMultipartUploadCommand({ ...this.#place, Metadata: { [MARK]: this.#mark } }),
        options,
      ),
    );
    return this.#proof(UploadId);
  }

  async #upload(uploadId: string, number: number, body: Buffer): Promise<void> {
    const part = { UploadId: uploadId, PartNumber: number };
    const { ETag } = await this.#bucket.ask(
      this.#key,
      PROBLEM,
      (client, options) =>
        client.send(new UploadPartCommand({ ...this.#place, ...part, Body: body }), options),
      this.#stop.signal,
    );
    this.#parts.push({ PartNumber: number, ETag: this.#proof(ETag) });
  }

  async #putWhole(): Promise<void> {
    const body = this.#filling.subarray(0, this.#filled);
    const { ETag } = await this.#bucket.ask(this.#key, PROBLEM, (client, options) =>
      client.send(new PutObjectCommand({ ...this.#place, Body: body }), options),
    );
    this.#proof(ETag);
  }

  #proof(said: string | undefined): string {
    return proofOf(said, `${this.name} ${PROBLEM}`);
  }

  async #complete(uploadId: string): Promise<void> {
    const parts = this.#parts.toSorted((a, b) => (a.PartNumber ?? 0) - (b.PartNumber ?? 0));
    const whole = { UploadId: uploadId, MultipartUpload: { Parts: parts } };
    await this.#bucket.ask(this.#key, PROBLEM, async (client, options) => {
      try {
        const { ETag } = await client.send(
          new CompleteMultipartUploadCommand({ ...this.#place, ...whole }),
          options,
        );
        this.#proof(ETag);
      } catch (error) {
        // So a second attempt is answered if only the answer to the first was lost.
        if (s3ErrorName(error) !== 'NoSuchUpload') throw error;
        const { Metadata } = await client.send(new HeadObjectCommand(this.#place), options);
        if (Metadata?.[MARK] !== this.#mark) throw error;
      }
    });
  }
}
