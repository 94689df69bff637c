import { readFileSync, writeFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import type { Findings } from './bench.ts';
import type { Machine } from './machine.ts';
import { markdownTable } from './table.ts';

export const describeRun = ({
  date,
  cores,
  cpu,
  memoryGb,
  platform,
  node,
  commit,
  loadBefore,
}: Machine): string =>
  `${date.slice(0, 16).replace('T', ' ')} UTC, ${cores} cores (${cpu}), ${memoryGb} GB, ${platform}, Node ${node}, commit ${commit}, load before ${loadBefore}`;

/** The page with the tables of a bench between its two marks. Throws when the page has no place for them. */
export const withFigures = (
  page: string,
  name: string,
  machine: Machine,
  { tables, notes }: Findings,
): string => {
  const [begin, end] = [`<!-- figures: ${name} -->`, `<!-- end of figures: ${name} -->`];
  const [before, after] = [page.indexOf(begin), page.indexOf(end)];
  if (before < 0 || after < before) throw new Error(`The page has no place for the figures of ${name}`);
  const content = [
    ...tables.map(({ title, rows }) => `**${title}**\n\n${markdownTable(rows)}`),
    notes.join(' '),
    `Measured ${describeRun(machine)}.`,
  ];
  return `${page.slice(0, before + begin.length)}\n\n${stripVTControlCharacters(content.join('\n\n'))}\n\n${page.slice(after)}`;
};

export const publish = (file: string, name: string, machine: Machine, findings: Findings): void =>
  writeFileSync(file, withFigures(readFileSync(file, 'utf8'), name, machine, findings));
