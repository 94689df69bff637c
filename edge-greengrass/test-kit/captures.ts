import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Fields, fieldsOf } from '../adapters/values.ts';

const roots = [process.env.HASHINSIGHT_DATA, join(import.meta.dirname, '../../../shared/data')];
const root = roots.find((candidate) => candidate !== undefined && existsSync(candidate));

/** The folder of recorded data, or undefined, with the reason printed once. */
export const dataPath = (...parts: string[]) => {
  const path = root === undefined ? undefined : join(root, ...parts);
  if (path !== undefined && existsSync(path)) return path;
  console.error(`skipped: no recorded data (${parts.join('/')}); set HASHINSIGHT_DATA to its folder`);
  return undefined;
};

export const capture = (folder: string, name: string): Fields =>
  fieldsOf(JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')));
