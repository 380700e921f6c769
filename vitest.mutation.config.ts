import { defineConfig } from 'vitest/config';

/** The tests that run within one process, so that what they test is the mutant. */
export default defineConfig({
  test: { include: ['test/{inventory,sync}/*.test.ts'], testTimeout: 30_000 },
});
