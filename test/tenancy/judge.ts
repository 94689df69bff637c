import * as z from 'zod';
import { canariesIn, ownerOf } from './canaries.ts';
import type { Received } from './client.ts';
import type { Attempt } from './generate.ts';
import type { World } from './world.ts';

export type Fault = {
  readonly index: number;
  readonly operation: string;
  readonly attacker: string;
  readonly what: string;
  readonly request: string;
  readonly status: number;
  readonly answer: string;
};

const documented: ReadonlySet<number> = new Set([
  200, 201, 202, 204, 302, 400, 401, 403, 404, 409, 410, 413, 429,
]);

/**
 * With one's own site, the name of a machine that nobody there has finds an empty history, whoever else has such a machine; and the
 * first word of a device's own batch is that it came, not what is in it.
 */
const mayFindNothing = new Set(['getMinerSeries']);

/** What is wrong with an answer: somebody else's words or numbers in it, success where there is nothing to find, or a failure. */
export const judge = ({ sites }: World, attempt: Attempt, received: Received): Fault[] => {
  const { attacker, foreign, operation, sent } = attempt;
  const sentText = `${sent.path}\n${Object.values(sent.headers).join('\n')}\n${sent.body ?? ''}`;
  const wrong: string[] = [];
  const said = canariesIn(sentText);
  const read = [...canariesIn(received.text), ...canariesIn(received.headers)].filter((word) => {
    const owner = ownerOf(word);
    return owner && !attacker.sees.includes(owner) && !said.has(word);
  });
  if (read.length > 0)
    wrong.push(`shows what is not the asker's: ${[...new Set(read)].slice(0, 5).join(' ')}`);
  const ownSites = new Set([attacker.siteId, ...(attacker.sees.includes('T') ? [sites.second] : [])]);
  const foreignSites = Object.values(sites).filter((site) => !ownSites.has(site));
  const echoes = foreign.some(({ kind }) => kind === 'site_id');
  const shown = echoes ? [] : siteIdsIn(received.text).filter((site) => foreignSites.includes(site));
  if (shown.length > 0) wrong.push(`names the site ${shown[0]}, which is not the asker's`);
  const decides = foreign.some(({ where, way, kind }) =>
    where === 'path'
      ? !mayFindNothing.has(operation.id) || kind !== 'miner_id'
      : kind === 'site_id' &&
        way.at(-1) === 'site_id' &&
        (where === 'query' || where === 'body') &&
        way.length === 1,
  );
  if (decides && received.status < 400) wrong.push('succeeds with what is not the asker’s');
  if (received.status >= 500) wrong.push('fails');
  else if (!documented.has(received.status)) wrong.push('has a status that is documented nowhere');
  return wrong.map((what) => ({
    index: attempt.index,
    operation: operation.id,
    attacker: attacker.name,
    what,
    request: `${sent.method} ${sent.path} ${typeof sent.body === 'string' ? sent.body : ''}`.slice(0, 2_000),
    status: received.status,
    answer: received.text.slice(0, 2_000),
  }));
};

const siteIdsIn = (text: string): number[] =>
  [...text.matchAll(/"site_?[iI]d":\s*"?(\d+)/g)].map(([, id]) => z.coerce.number().parse(id));
