import { expect, it } from 'vitest';
import { markdownTable, table } from './table.ts';

const rows = [
  { step: 'detect', ms: 12 },
  { step: 'acknowledge', ms: 1234.56 },
];

it('aligns text left and numbers right', () => {
  const lines = table(rows).split('\n').slice(1);
  expect(lines).toEqual(['detect            12', 'acknowledge  1,234.6']);
});

it('is a table in Markdown too', () => {
  expect(markdownTable(rows).split('\n')).toEqual([
    '| step | ms |',
    '| --- | ---: |',
    '| detect | 12 |',
    '| acknowledge | 1,234.6 |',
  ]);
});
