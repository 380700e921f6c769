import { Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import type { Destination } from './destination.ts';
import { exportFailed } from './export-failed.ts';

/**
 * Writes an export: it appears whole, or, if anything fails, the destination is left as it was.
 *
 * @param pieces - What an encoder gives. They are taken as fast as the destination takes them.
 * @param transforms - What they pass through, in order.
 * @throws The signal's reason; Failure `EXPORT_FAILED` for what the system says; what reading or the destination throws.
 */
export async function writeExport(
  pieces: Iterable<Uint8Array>,
  transforms: readonly Transform[],
  destination: Destination,
  signal: AbortSignal,
): Promise<void> {
  try {
    const source = Readable.from(paced(pieces, signal), { objectMode: false });
    await pipeline([source, ...transforms, destination.stream], { signal });
    signal.throwIfAborted();
    await destination.commit();
  } catch (error) {
    await destination.abandon();
    throw signal.aborted ? signal.reason : exportFailed(destination.name, error);
  }
}

/**
 * Lets signals and timers have their turn: where writing is synchronous, as into a pipe, nothing else would. After the signal
 * no more is asked for, since whoever ends the stream waits for the piece that is under way.
 */
async function* paced(
  pieces: Iterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    if (piece.length > 0) yield piece;
    await setImmediate(undefined, { signal });
  }
}
