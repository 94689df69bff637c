/** What is known of a miner's draw. `powerW` is what it drew last, `hashrateThs` what it made of it. */
export type Draw = {
  readonly minerId: string;
  readonly powerW: number;
  readonly hashrateThs: number | undefined;
  readonly shedOrder: number;
};

/** Watts per TH/s; who draws without hashing is worst. */
const costOf = ({ powerW, hashrateThs }: Draw) =>
  hashrateThs !== undefined && hashrateThs > 0 ? powerW / hashrateThs : Number.POSITIVE_INFINITY;

/** Who goes first: by the site's own order, then who makes least of its power, then who draws most. */
export const inSheddingOrder = (draws: readonly Draw[]): Draw[] =>
  draws.toSorted(
    (a, b) =>
      a.shedOrder - b.shedOrder ||
      compare(costOf(b), costOf(a)) ||
      b.powerW - a.powerW ||
      (a.minerId < b.minerId ? -1 : 1),
  );
const compare = (a: number, b: number) => (a === b ? 0 : a < b ? -1 : 1);

/** The fewest from the front of the shedding order without which the rest draws at most `targetW`. All, where that is not enough. */
export const planShedding = (draws: readonly Draw[], totalW: number, targetW: number): Draw[] => {
  const shed: Draw[] = [];
  let restW = totalW;
  for (const draw of inSheddingOrder(draws)) {
    if (restW <= targetW) break;
    if (draw.powerW <= 0) continue;
    shed.push(draw);
    restW -= draw.powerW;
  }
  return shed;
};

/** Those that fit below `targetW` again, the most valuable first: the shedding order backwards. */
export const planRestoring = (shed: readonly Draw[], totalW: number, targetW: number): Draw[] => {
  const back: Draw[] = [];
  let sumW = totalW;
  for (const draw of inSheddingOrder(shed).toReversed()) {
    if (sumW + draw.powerW > targetW) continue;
    back.push(draw);
    sumW += draw.powerW;
  }
  return back;
};
