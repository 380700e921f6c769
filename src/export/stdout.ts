import { stdout } from 'node:process';
import { Writable } from 'node:stream';
import type { Destination } from './destination.ts';

/** Standard output, which stays open. What was written to it cannot be taken back. */
export function openStdout(): Destination {
  return {
    name: 'the standard output',
    stream: new Writable({
      write: (piece: Uint8Array, _encoding, callback) => void stdout.write(piece, callback),
    }),
    // Every piece was waited for.
    commit: () => Promise.resolve(),
    abandon: () => Promise.resolve(),
  };
}
