import type { Memory } from '../../src/sync/ports/pages.ts';

/** Of an account that nothing is remembered of: every image is read. */
export const NO_MEMORY: Memory = {
  page: () => undefined,
  recognize: ({ length }) => new Uint32Array(length),
};
