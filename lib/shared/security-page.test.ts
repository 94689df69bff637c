import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const page = readFileSync(join(root, 'docs', 'security.md'), 'utf8');
const [tables = '', list = ''] = page.split('\n## Evidence\n');
const evidence = [...list.matchAll(/^- \*\*([a-z0-9-]+)\*\*: `([^`]+)`, “(.+)”$/gm)].map(
  ([, name = '', file = '', title = '']) => ({ name, file, title }),
);
const named = new Set([...tables.matchAll(/\[([a-z0-9-]+)\](?!\()/g)].map(([, name]) => name));
/** The rows of the table below a heading, without its head. */
const rowsBelow = (heading: string) => {
  const part = tables.split(`\n## ${heading}`)[1]?.split('\n## ')[0] ?? '';
  return part
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^\| (threat|risk|group|asset) \|/.test(line));
};

describe('docs/security.md', () => {
  it.each(evidence)('names a test that is there: $name', ({ file, title }) => {
    const path = join(root, file);
    expect([file, existsSync(path)]).toEqual([file, true]);
    const quoted = ["'", '"', '`'].some((quote) =>
      readFileSync(path, 'utf8').includes(`${quote}${title}${quote}`),
    );
    expect([title, quoted]).toEqual([title, true]);
  });

  it('names evidence once, uses all of it, and no other', () => {
    const names = evidence.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)].toSorted());
    expect([...named].toSorted()).toEqual(names);
    expect(list.trim().split('\n')).toHaveLength(names.length);
  });

  it('has an answer with evidence, or an honest gap, for every threat and risk', () => {
    const rows = [...rowsBelow('Threats'), ...rowsBelow('OWASP API')];
    expect(rows.length).toBeGreaterThan(45);
    expect(rows.filter((row) => !/\[[a-z0-9-]+\]|\*\*gap\*\*/.test(row))).toEqual([]);
  });

  it('goes through every requirement group of ASVS 5.0', () => {
    /** How many groups each chapter has. */
    const groups = [5, 4, 7, 4, 4, 8, 6, 4, 2, 7, 7, 3, 4, 3, 4, 5, 3];
    const found = [
      ...rowsBelow('OWASP ASVS')
        .join('\n')
        .matchAll(/\bV(\d+\.\d+) [A-Z]/g),
    ].map(([, id]) => id);
    expect(found).toEqual(
      groups.flatMap((count, chapter) =>
        Array.from({ length: count }, (_, at) => `${chapter + 1}.${at + 1}`),
      ),
    );
    const unsaid = rowsBelow('OWASP ASVS').filter((row) => !/\| (met|partly|n\/a) \|/.test(row));
    expect(unsaid).toEqual([]);
    const partly = rowsBelow('OWASP ASVS').filter((row) => row.includes('| partly |'));
    expect(partly.filter((row) => !row.includes('**gap**'))).toEqual([]);
  });
});
