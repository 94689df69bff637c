import { gzipSync } from 'node:zlib';
import { toUtc } from '../shared/clock.ts';
import type { ExportColumn, ExportPart, ExportWriter } from './export-table.ts';

const partCharacters = 4 * 1024 * 1024;
const mustQuote = /[",\r\n]/;
/** How a spreadsheet takes a cell for a formula; an apostrophe before it makes it text. */
const isFormula = /^[=+\-@\t\r]/;

const textCell = (text: string) => {
  const safe = isFormula.test(text) ? `'${text}` : text;
  return mustQuote.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

const cellOf = (column: ExportColumn): ((at: number) => string) => {
  if (column.kind === 'text') {
    const { values } = column;
    return (at) => {
      const text = values[at];
      return text === null || text === undefined ? '' : textCell(text);
    };
  }
  const { values, kind } = column;
  return (at) => {
    const value = values[at];
    return value === null || value === undefined ? '' : kind === 'time' ? toUtc(value) : String(value);
  };
};

const linesOf = ({ rows, columns }: ExportPart) => {
  const cells = columns.map(cellOf);
  let text = '';
  for (let at = 0; at < rows; at++) {
    for (let index = 0; index < cells.length; index++) text += (index ? ',' : '') + cells[index]?.(at);
    text += '\r\n';
  }
  return text;
};

/**
 * CSV by RFC 4180 in UTF-8, with a header line. Times are UTC, absent values empty. Text that a spreadsheet would take for a
 * formula gets an apostrophe in front; numbers stand as they are. With `gzip` packed by and by, so that little is held unpacked.
 */
export const csvWriter = (columns: readonly Pick<ExportColumn, 'name'>[], gzip = false): ExportWriter => {
  const parts: Uint8Array[] = [];
  let held = `${columns.map(({ name }) => textCell(name)).join(',')}\r\n`;
  const flush = () => {
    const bytes = Buffer.from(held);
    held = '';
    // Gzip files that lie one after the other are one gzip file (RFC 1952, 2.2).
    parts.push(gzip ? gzipSync(bytes) : bytes);
  };
  return {
    add: (part) => {
      held += linesOf(part);
      if (held.length >= partCharacters) flush();
    },
    finish: () => {
      flush();
      return Buffer.concat(parts);
    },
  };
};
