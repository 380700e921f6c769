import type { Destination } from '../destination.ts';

/** A small file, and what it was when it was read. */
export interface StoredText {
  readonly text: string;
  /** Differs whenever the file does. */
  readonly tag: string;
}

/** A folder, or what looks like one in a bucket. Paths in it are relative, with slashes. */
export interface ObjectStore {
  /** For people: a path or an address, never a credential. */
  readonly name: string;
  /** A file of any size that appears whole or not at all, in place of another of this name. */
  open(path: string): Promise<Destination>;
  /** How many bytes a file holds; `undefined` if it is not there. */
  size(path: string): Promise<number | undefined>;
  /** A small file, whole; `undefined` if it is not there. */
  read(path: string): Promise<StoredText | undefined>;
  /**
   * Writes a small file at once, unless somebody else has written it meanwhile.
   *
   * @param before - As it was read; `undefined` if it was not there.
   * @returns Whether it was written.
   */
  replace(path: string, text: string, before: StoredText | undefined): Promise<boolean>;
}
