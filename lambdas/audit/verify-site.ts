import {
  type ChainHead,
  type ChainLink,
  type ChainVerdict,
  checkEnd,
  checkLink,
  emptyHead,
} from './audit-chain.ts';

export type VerifySiteDeps = {
  readonly readHead: (siteId: number) => Promise<ChainHead>;
  readonly walkLinks: (siteId: number, lastSeq: number) => AsyncIterable<ChainLink | undefined>;
};

/**
 * Walks a site's whole chain up to the head recorded at the start, so that events appended meanwhile do not disturb
 * it. Holds one page of links at a time.
 */
export const verifySite =
  ({ readHead, walkLinks }: VerifySiteDeps) =>
  async (siteId: number): Promise<{ readonly recorded: ChainHead; readonly verdict: ChainVerdict }> => {
    const recorded = await readHead(siteId);
    let last = emptyHead;
    for await (const next of walkLinks(siteId, Math.max(1, recorded.seq))) {
      const checked = checkLink(last, next);
      if ('fault' in checked) return { recorded, verdict: checked.fault };
      last = checked.head;
    }
    return { recorded, verdict: checkEnd(last, recorded) };
  };
