import type { Writable } from 'node:stream';

/** A place where an export appears whole, or not at all. One of `commit` and `abandon` ends it. */
export interface Destination {
  /** For people: a path or an address, never a credential. */
  readonly name: string;
  /** Takes the bytes. Nobody else sees them before {@link Destination.commit}, but for a pipe, which cannot take back. */
  readonly stream: Writable;
  /** Makes what was written appear. The stream must have finished. */
  commit(): Promise<void>;
  /** Leaves the place as it was before. May be called at any time before `commit` has resolved; never rejects. */
  abandon(): Promise<void>;
}
