import { Transform } from 'node:stream';
import { printable } from '../inventory/printable.ts';

/** A stream that makes text safe on a terminal, and leaves its lines as they are. Each piece must be whole lines. */
export function printableText(): Transform {
  return new Transform({
    transform: (piece: Buffer, _encoding, callback) =>
      callback(null, piece.toString().split('\n').map(printableLine).join('\n')),
  });
}

function printableLine(line: string): string {
  return line.endsWith('\r') ? `${printable(line.slice(0, -1))}\r` : printable(line);
}
