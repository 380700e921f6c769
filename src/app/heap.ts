import { setFlagsFromString } from 'node:v8';

/**
 * Keeps the heap small. Answers come in pieces, and images as strings, that are garbage a moment later but are let go only
 * when the nursery or the heap has grown to its next limit: left alone, that is after a hundred megabytes and more, and
 * saves no time that could be measured. To be called before the work begins.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--optimize-for-size');
}
