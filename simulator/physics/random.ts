/** A seeded source of numbers in [0, 1): the same seed gives the same sequence on every machine. */
export type Random = () => number;

/** Mixes a seed with labels into 32 bits (FNV-1a), so that each miner draws from a sequence of its own. */
export const seedOf = (seed: number, ...labels: readonly (string | number)[]): number => {
  let hash = 2166136261 ^ (seed >>> 0);
  for (const character of labels.join('/'))
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16777619);
  return hash >>> 0;
};

/** Marsaglia's xorshift over 32 bits, started from a scrambled seed. */
export const randomFrom = (seed: number): Random => {
  let state = (Math.imul(seed ^ (seed >>> 16), 0x45d9f3b) ^ 0x9e3779b9) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 4294967296;
  };
};

export const between = (random: Random, low: number, high: number) => low + (high - low) * random();

/** A whole number of events in an interval in which `mean` are expected. */
export const poisson = (random: Random, mean: number): number => {
  if (mean <= 0) return 0;
  if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
  const floor = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > floor; product *= random()) count++;
  return count;
};

/** Standard normal, as the sum of uniforms: bounded to ±6, which spares the physics from outliers. */
export const normal = (random: Random): number => {
  let sum = -2;
  for (let index = 0; index < 4; index++) sum += random();
  return sum * Math.sqrt(3);
};
