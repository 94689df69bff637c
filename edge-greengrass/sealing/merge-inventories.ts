import { isDeepStrictEqual } from 'node:util';
import { type ConfiguredMiner, configuredMiner } from '../config.ts';

type Miners = readonly ConfiguredMiner[];
const byId = (miners: Miners) => new Map(miners.map((miner) => [miner.minerId, miner]));

type Settings = Readonly<Record<string, unknown>>;

/** Of each setting what was changed in `after`; else what it is now. A setting that one of them took out is gone. */
const mergeMiner = (before: ConfiguredMiner, after: ConfiguredMiner, now: ConfiguredMiner) => {
  const [was, is]: [Settings, Settings] = [before, after];
  const names = new Set([...Object.keys(was), ...Object.keys(is)]);
  const changed = [...names].filter((name) => !isDeepStrictEqual(was[name], is[name]));
  const kept = Object.entries(now).filter(([name]) => !changed.includes(name));
  const own = Object.entries(after).filter(([name]) => changed.includes(name));
  return configuredMiner.parse(Object.fromEntries([...kept, ...own]));
};

/**
 * The inventory `now`, with what somebody who began from `before` made of it in `after`: addresses that were found and passwords that were changed by
 * others meanwhile stay. Where both changed one setting of one miner, `after` counts; a miner that others took out comes back if `after` changed it,
 * since a login would be lost with it.
 */
export const mergeInventories = (before: Miners, after: Miners, now: Miners): ConfiguredMiner[] => {
  const [was, is, present] = [byId(before), byId(after), byId(now)];
  const merged = now.flatMap((current) => {
    const [old, own] = [was.get(current.minerId), is.get(current.minerId)];
    if (!own) return old ? [] : [current];
    return [old ? mergeMiner(old, own, current) : own];
  });
  const added = after.filter((own) => {
    if (present.has(own.minerId)) return false;
    const old = was.get(own.minerId);
    return !old || !isDeepStrictEqual(old, own);
  });
  return [...merged, ...added];
};
