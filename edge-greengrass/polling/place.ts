/**
 * A miner's own place in [0, 1), the same on every machine and at every start (FNV-1a over its id, then mixed, since ids that count up
 * would lie together).
 */
export const placeOf = (minerId: string): number => {
  let hash = 0x811c9dc5;
  for (let at = 0; at < minerId.length; at++) hash = Math.imul(hash ^ minerId.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  hash = Math.imul(hash ^ (hash >>> 15), 0x846ca68b);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
};
