import * as z from 'zod';
import { taggedItem } from './attribute-value.ts';
import { type ChainHead, type ChainLink, emptyHead } from './audit-chain.ts';
import { toLink } from './audit-repository.ts';

const key = z.object({ pk: z.string().regex(/^(SITES|SITE#[1-9][0-9]*)$/), sk: z.string() });
const headItem = z.object({ seq: z.int().nonnegative(), event_hash: z.string() });
/** A line of DynamoDB's own export to S3 wraps the item and its values in type tags. */
const tagged = z.object({ Item: taggedItem });

type Entry = { readonly sk: string; readonly link: ChainLink | undefined };
type ExportedSite = { head: ChainHead; readonly entries: Entry[] };

/**
 * The audit items of an exported file, one JSON object per line: plain items, or the lines of a DynamoDB export to S3
 * (`{"Item":{"pk":{"S":…}}}`). Throws Error with the line's number where a line is no audit item at all; a damaged link
 * is kept, for the verdict to name it. Offers what `verifySite` needs.
 */
export const readExport = async (lines: AsyncIterable<string>) => {
  const sites = new Map<number, ExportedSite>();
  let number = 0;
  for await (const line of lines) {
    number += 1;
    if (line.trim() === '') continue;
    const item = parseLine(line, number);
    const { pk, sk } = item.key;
    if (pk === 'SITES') continue;
    const siteId = Number(pk.slice('SITE#'.length));
    const site = sites.get(siteId) ?? { head: emptyHead, entries: [] };
    sites.set(siteId, site);
    if (sk === 'HEAD') site.head = headItem.parse(item.value);
    else if (sk.startsWith('LINK#')) site.entries.push({ sk, link: toLink(item.value) });
  }
  return {
    listSites: async () => [...sites.keys()].toSorted((a, b) => a - b),
    readHead: async (siteId: number) => sites.get(siteId)?.head ?? emptyHead,
    walkLinks: async function* (siteId: number) {
      const entries = sites.get(siteId)?.entries ?? [];
      for (const { link } of entries.toSorted((a, b) => (a.sk < b.sk ? -1 : 1))) yield link;
    },
  };
};

const parseLine = (line: string, number: number) => {
  let value: unknown;
  try {
    value = JSON.parse(line);
    const wrapped = tagged.safeParse(value);
    if (wrapped.success) value = wrapped.data.Item;
    return { value, key: key.parse(value) };
  } catch {
    throw new Error(`Line ${number} of the export is not an item of the audit table`);
  }
};
