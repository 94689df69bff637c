import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import aslValidator from 'asl-validator';
import { expect, test } from 'vitest';
import { parseDefinition } from './parse-definition.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const files = globSync('statemachines/*.asl.json', { cwd: root });
const read = (file: string) =>
  readFileSync(join(root, file), 'utf8').replaceAll(
    /\$\{\w+\}/g,
    'arn:aws:lambda:us-east-1:000000000000:function:any',
  );

test.each(files)('%s is valid, and the interpreter runs it', (file) => {
  const text = read(file);
  expect(aslValidator(JSON.parse(text)).errors).toEqual([]);
  expect(parseDefinition(text).states.size).toBeGreaterThan(0);
});
