import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as z from 'zod';
import type { Watcher } from '../bench.ts';
import { leftCloud } from './local-cloud.ts';

export type SiteOptions = {
  readonly miners: number;
  readonly patterns: number;
  readonly days: number;
  readonly seed: number;
};

export const preparedSite = z.object({
  cloud: leftCloud,
  /** The end of the history. */
  nowMs: z.int(),
  windows: z.int(),
  rawRows: z.int(),
  writtenS: z.number(),
});
export type PreparedSite = z.infer<typeof preparedSite>;

export const fromPreparation = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('say'), line: z.string() }),
  z.object({ kind: z.literal('progress'), done: z.number(), all: z.number(), what: z.string() }),
  z.object({ kind: z.literal('done'), site: preparedSite }),
]);
export type FromPreparation = z.infer<typeof fromPreparation>;

/**
 * A site with its history in the state directory of a local cloud that does not run. Another process makes it, so that what it takes in
 * memory slows nothing that is timed later.
 */
export const prepareSite = async (
  options: SiteOptions,
  { say, progress }: Watcher,
): Promise<PreparedSite> => {
  const { miners, patterns, days, seed } = options;
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'prepare-site-main.ts'), ...[miners, patterns, days, seed].map(String)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let site: PreparedSite | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    const message = fromPreparation.parse(JSON.parse(line));
    if (message.kind === 'say') say(message.line);
    else if (message.kind === 'progress') progress(message.done, message.all, message.what);
    else site = message.site;
  }
  if (!site) throw new Error('The site could not be prepared');
  return site;
};
