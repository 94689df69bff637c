import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take a minute or more, the longest first. */
const long = ['test/bad-input', 'test/tenancy', 'test/faults', 'test/whole-loop', 'test/people'];

/** Begins with the long files: one that begins last would run alone. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const at = long.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
      return at < 0 ? long.length : at;
    };
    return (await super.sort(files)).toSorted((one, other) => place(one) - place(other));
  }
}

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
    sequence: { sequencer: LongFirst },
    /** Of tests that are marked as concurrent, within a file. */
    maxConcurrency: 16,
    env: { POWERTOOLS_LOG_LEVEL: 'SILENT' },
  },
});
