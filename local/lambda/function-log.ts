import { createWriteStream, existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

const maxBytes = 8 * 1024 * 1024;

/** One function's log file, `<dir>/<function>.log`; when it passes 8 MB it becomes `.log.1` and a new one begins. */
export const openFunctionLog = (directory: string, functionName: string) => {
  mkdirSync(directory, { recursive: true });
  const file = join(directory, `${functionName}.log`);
  let size = existsSync(file) ? statSync(file).size : 0;
  let stream = createWriteStream(file, { flags: 'a' });
  const write = (chunk: string | Buffer) => {
    size += chunk.length;
    stream.write(chunk);
    if (size < maxBytes) return;
    stream.end();
    renameSync(file, `${file}.1`);
    stream = createWriteStream(file, { flags: 'a' });
    size = 0;
  };
  return {
    file,
    write,
    follow: (source: Readable) => source.on('data', write),
    close: () => new Promise<void>((resolve) => stream.end(() => resolve())),
  };
};
export type FunctionLog = ReturnType<typeof openFunctionLog>;
