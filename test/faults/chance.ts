import { randomFrom } from '../../edge-greengrass/test-kit/random.ts';

/** What a schedule draws its events and faults from: the same seed, the same draws. */
export const chanceOf = (seed: number) => {
  const random = randomFrom(seed);
  return {
    /** True in this share of all cases. */
    happens: (share: number) => random() < share,
    between: (from: number, to: number) => from + random() * (to - from),
    whole: (from: number, to: number) => Math.floor(from + random() * (to - from + 1)),
    one: <T>(of: readonly [T, ...T[]]): T => of[Math.floor(random() * of.length)] ?? of[0],
  };
};
export type Chance = ReturnType<typeof chanceOf>;

/** How often what goes wrong; drawn for each schedule, so that some are calm and some are wild. */
export type Weather = {
  readonly drop: number;
  readonly duplicate: number;
  readonly crash: number;
  readonly maxDelayMs: number;
  /** The gateway's clock ahead of the cloud's. */
  readonly skewMs: number;
};

export const weatherOf = (chance: Chance): Weather => ({
  drop: chance.one([0, 0.1, 0.4]),
  duplicate: chance.one([0, 0.2, 0.5]),
  crash: chance.one([0, 0.03, 0.12]),
  maxDelayMs: chance.one([200, 5_000, 90_000]),
  skewMs: Math.round(chance.happens(0.5) ? chance.between(-5_000, 5_000) : chance.between(-600_000, 600_000)),
});
