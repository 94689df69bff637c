import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';

let source: URL | undefined;

/**
 * The code of worker.ts as JavaScript. Were the file itself given to a worker, each worker would load Node's TypeScript
 * parser, 12 MB of it.
 */
export const workerSource = (): URL => {
  source ??= new URL(
    `data:text/javascript,${encodeURIComponent(stripped(new URL('./worker.ts', import.meta.url)))}`,
  );
  return source;
};

/** Node marks the function as experimental, in a warning that nobody at the console can act on. */
const stripped = (file: URL) => {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return stripTypeScriptTypes(readFileSync(file, 'utf8'));
  } finally {
    process.emitWarning = emitWarning;
  }
};
