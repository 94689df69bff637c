import { stripVTControlCharacters } from 'node:util';
import pc from 'picocolors';

/** A cell is text or a number; columns of figures stand to the right. */
export type Cell = string | number;
export type Row = Readonly<Record<string, Cell>>;

const shown = (cell: Cell | undefined) =>
  typeof cell === 'number' ? cell.toLocaleString('en-US', { maximumFractionDigits: 1 }) : (cell ?? '');
const figure = /^[\d.,]+( \(aim [\d.,]+\))?$/;
const isFigure = (cell: Cell | undefined) => figure.test(stripVTControlCharacters(shown(cell)));
const widthOf = (text: string) => stripVTControlCharacters(text).length;

/** Rows under the names of the first row's columns, aligned. */
export const table = (rows: readonly Row[]): string => {
  const columns = Object.keys(rows[0] ?? {});
  const widths = columns.map((name) =>
    Math.max(widthOf(name), ...rows.map((row) => widthOf(shown(row[name])))),
  );
  const isRight = columns.map((name) => rows.every((row) => isFigure(row[name])));
  const line = (cells: readonly string[]) =>
    cells
      .map((text, at) => {
        const space = ' '.repeat((widths[at] ?? 0) - widthOf(text));
        return isRight[at] ? space + text : text + space;
      })
      .join('  ')
      .trimEnd();
  return [pc.dim(line(columns)), ...rows.map((row) => line(columns.map((name) => shown(row[name]))))].join(
    '\n',
  );
};

/** The same as Markdown, for docs/. */
export const markdownTable = (rows: readonly Row[]): string => {
  const columns = Object.keys(rows[0] ?? {});
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(columns),
    line(columns.map((name) => (rows.every((row) => isFigure(row[name])) ? '---:' : '---'))),
    ...rows.map((row) => line(columns.map((name) => stripVTControlCharacters(shown(row[name]))))),
  ].join('\n');
};

/** A measured value beside its aim. */
export const aimed = (value: number, aim: number): string =>
  value <= aim ? pc.green(`${value}`) : pc.red(`${value} (aim ${aim})`);
