import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

/**
 * Reads the lock file and every installed package's own manifest; ends with 1 and names the package where a licence is
 * not one of those that this product may be built from. Alternatives (`A OR B`) pass when one of them is allowed.
 */
const allowed = new Set([
  'MIT',
  'MIT-0',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'Unlicense',
  'Python-2.0',
  'CC-BY-4.0',
  'CC-BY-3.0',
  'MPL-2.0',
  'Zlib',
]);
/** Copyleft per file, unmodified and only at build time: stated here so that a new one is a decision. */
const buildTimeOnly = new Map([['MPL-2.0', /^(lightningcss|axe-core)/]]);

const lockFile = z.object({
  packages: z.record(
    z.string(),
    z.object({ optional: z.boolean().optional(), link: z.boolean().optional() }).loose(),
  ),
});
const manifest = z.object({
  name: z.string().optional(),
  license: z.union([z.string(), z.object({ type: z.string() })]).optional(),
  licenses: z.array(z.object({ type: z.string() })).optional(),
});

const root = join(import.meta.dirname, '..');
const { packages } = lockFile.parse(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')));

const licenceOf = (path: string) => {
  const { license, licenses } = manifest.parse(
    JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8')),
  );
  if (typeof license === 'string') return license;
  return license?.type ?? licenses?.map(({ type }) => type).join(' OR ') ?? 'none stated';
};

const isAllowed = (name: string, expression: string) =>
  expression
    .replaceAll(/[()]/g, '')
    .split(/ OR /i)
    .some((choice) =>
      choice
        .split(/ AND /i)
        .every((one) => allowed.has(one.trim()) && (buildTimeOnly.get(one.trim())?.test(name) ?? true)),
    );

const counts = new Map<string, number>();
const refused: string[] = [];
for (const [path, { optional }] of Object.entries(packages)) {
  if (path === '') continue;
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  let licence: string;
  try {
    licence = licenceOf(path);
  } catch (error) {
    if (optional) continue; // not for this platform, so not installed
    throw error;
  }
  counts.set(licence, (counts.get(licence) ?? 0) + 1);
  if (!isAllowed(name, licence)) refused.push(`${name}: ${licence}`);
}
console.log(
  [...counts]
    .toSorted((a, b) => b[1] - a[1])
    .map(([licence, count]) => `${String(count).padStart(5)}  ${licence}`)
    .join('\n'),
);
if (refused.length > 0) {
  console.error(`\nNot allowed:\n${refused.join('\n')}`);
  process.exitCode = 1;
}
