import { expect, it } from 'vitest';
import { withFigures } from './publish.ts';

const machine = {
  date: '2026-01-27T10:30:00.000Z',
  cores: 2,
  cpu: 'a processor',
  memoryGb: 8,
  platform: 'linux x64',
  node: 'v24.0.0',
  commit: 'abc',
  loadBefore: 0.1,
};
const findings = {
  tables: [{ title: 'Steps', rows: [{ step: 'detect', ms: 12 }] }],
  figures: {},
  notes: ['All is well.'],
};
const page = 'Before.\n<!-- figures: loop -->\nold\n<!-- end of figures: loop -->\nAfter.\n';

it('replaces the figures of its bench and nothing else, again and again', () => {
  const once = withFigures(page, 'loop', machine, findings);
  expect(once).toContain('| detect | 12 |');
  expect(once).toContain('commit abc');
  expect(once).not.toContain('old');
  expect(once.startsWith('Before.\n') && once.endsWith('\nAfter.\n')).toBe(true);
  expect(withFigures(once, 'loop', machine, findings)).toBe(once);
});

it('refuses a page without a place for them', () => {
  expect(() => withFigures(page, 'memory', machine, findings)).toThrow('memory');
});
