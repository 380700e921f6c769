import { hash } from 'node:crypto';
import { FIELDS, type Image } from './image.ts';

const BYTES = 32;
const LANES = BYTES / 4;

/**
 * A set of images as one number, whatever their order: the sum of their SHA-256 digests, in eight lanes of 32
 * bits each. An image can be taken out again, so the number is kept up to date by what changed alone. It
 * proves that nothing was damaged or forgotten; it is no defence against somebody who forges images to fit.
 */
export class ContentSum {
  readonly #lanes = new Uint32Array(LANES);

  /** @param hex - What {@link ContentSum.hex} gave; the empty set if absent. */
  constructor(hex?: string) {
    if (hex === undefined) return;
    const bytes = Buffer.from(hex, 'hex');
    for (let lane = 0; lane < LANES; lane += 1) this.#lanes[lane] = bytes.readUInt32BE(4 * lane);
  }

  add(image: Image): void {
    const digest = digestOf(image);
    this.#shift((lane) => laneOf(digest, lane));
  }

  remove(image: Image): void {
    const digest = digestOf(image);
    this.#shift((lane) => -laneOf(digest, lane));
  }

  /** Adds all images of another set. */
  merge(other: ContentSum): void {
    this.#shift((lane) => other.#lanes[lane] ?? 0);
  }

  /** Takes all images of another set out again. */
  subtract(other: ContentSum): void {
    this.#shift((lane) => -(other.#lanes[lane] ?? 0));
  }

  /** Adds a number to each lane, modulo 2^32. */
  #shift(by: (lane: number) => number): void {
    for (let lane = 0; lane < LANES; lane += 1) {
      this.#lanes[lane] = (this.#lanes[lane] ?? 0) + by(lane);
    }
  }

  /** 64 hexadecimal digits. */
  hex(): string {
    const bytes = Buffer.alloc(BYTES);
    for (const [lane, value] of this.#lanes.entries()) bytes.writeUInt32BE(value, 4 * lane);
    return bytes.toString('hex');
  }
}

const KEYS = FIELDS.map(({ key }) => key);

/** SHA-256 of the image as it is stored, a character a byte: a buffer for each costs as much as the digest itself. */
function digestOf(image: Image): string {
  let text = framed(image.id);
  for (const key of KEYS) text += framed(image[key]);
  return hash('sha256', text, 'latin1');
}

/** 32 bits of a digest, as a number that may be negative. */
function laneOf(digest: string, lane: number): number {
  const at = 4 * lane;
  return (
    (digest.charCodeAt(at) << 24) |
    (digest.charCodeAt(at + 1) << 16) |
    (digest.charCodeAt(at + 2) << 8) |
    digest.charCodeAt(at + 3)
  );
}

/** A cell with its length before it, so that no two rows of cells read alike. */
function framed(cell: string | boolean | null): string {
  if (typeof cell === 'string') return `${cell.length}:${cell}`;
  return cell === null ? '-' : cell ? 't' : 'f';
}
