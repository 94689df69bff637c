import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** A port that stays the same between runs, because something outside remembers it. */
export const keptPort = (file: string) => ({
  read: (): number | undefined => {
    const port = existsSync(file) ? Number(readFileSync(file, 'utf8')) : Number.NaN;
    return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
  },
  write: (port: number) => writeFileSync(file, String(port)),
});
