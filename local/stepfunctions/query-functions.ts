import { createHash, randomUUID } from 'node:crypto';
import type { Expression } from 'jsonata';

const algorithms: Readonly<Record<string, string>> = {
  MD5: 'md5',
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};

const partition = (items: readonly unknown[], size: number) => {
  if (!Number.isInteger(size) || size < 1) throw new Error('$partition needs a positive whole size');
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
};

const range = (first: number, last: number, step: number) => {
  if (step === 0) throw new Error('$range needs a step other than 0');
  const count = Math.max(0, Math.floor((last - first) / step) + 1);
  if (count > 1000) throw new Error('$range gives at most 1,000 numbers');
  return Array.from({ length: count }, (_, index) => first + index * step);
};

const hash = (value: unknown, algorithm: string) => {
  const name = Object.hasOwn(algorithms, algorithm) ? algorithms[algorithm] : undefined;
  if (name === undefined) throw new Error(`$hash knows ${Object.keys(algorithms).join(', ')}`);
  return createHash(name)
    .update(typeof value === 'string' ? value : JSON.stringify(value))
    .digest('hex');
};

/** Mulberry32: the same number for the same seed. */
const seeded = (seed: number) => {
  let mixed = (Math.trunc(seed) + 0x6d2b79f5) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
};

const refuseEval = () => {
  throw new Error('$eval is not available; use $parse');
};

/** The functions that Step Functions adds to JSONata, and $eval, which it takes away. */
export const stepFunctions: Readonly<
  Record<
    string,
    { readonly implementation: Parameters<Expression['registerFunction']>[1]; readonly signature?: string }
  >
> = {
  partition: { implementation: partition, signature: '<an:a>' },
  range: { implementation: range, signature: '<nnn:a>' },
  hash: { implementation: hash, signature: '<xs:s>' },
  random: {
    implementation: (seed?: number) => (seed === undefined ? Math.random() : seeded(seed)),
    signature: '<n?:n>',
  },
  uuid: { implementation: () => randomUUID(), signature: '<:s>' },
  parse: { implementation: (text: string): unknown => JSON.parse(text), signature: '<s:x>' },
  eval: { implementation: refuseEval },
};
