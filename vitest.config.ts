import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      '{bin,lib,lambdas,contracts,edge-greengrass,simulator,local,bench,test,console}/**/*.test.{ts,tsx}',
    ],
    exclude: ['**/node_modules/**', 'test/browser/**'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // One more than the cores of the smallest machine: a good part of each file is waiting.
    maxWorkers: 3,
    /** Of tests that are marked as concurrent, within a file. */
    maxConcurrency: 16,
    env: { POWERTOOLS_LOG_LEVEL: 'SILENT' },
  },
});
