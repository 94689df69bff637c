/** One zone's miners on the map: rows of squares below the zone's name. */
type Band = {
  readonly zoneId: string;
  readonly labelY: number;
  readonly top: number;
  /** Index of its first miner in `miners`. */
  readonly first: number;
  readonly count: number;
};

export type MapLayout<T> = {
  /** In the order in which they stand on the map. */
  readonly miners: readonly T[];
  readonly bands: readonly Band[];
  readonly side: number;
  readonly perRow: number;
  readonly height: number;
};

const labelHeight = 20;
const gap = 1;
const space = 6;

/** Squares shrink as sites grow, so that the whole site is in sight. In CSS pixels. */
export const sideFor = (count: number) => (count > 4_000 ? 8 : count > 800 ? 12 : 20);

/** Zones one below the other in the order of their names, miners without a zone last. */
export const layOut = <T extends { readonly zoneId: string }>(
  all: readonly T[],
  width: number,
): MapLayout<T> => {
  const side = sideFor(all.length);
  const perRow = Math.max(1, Math.floor((width + gap) / (side + gap)));
  const zones = [...Map.groupBy(all, ({ zoneId }) => zoneId)].toSorted(([a], [b]) =>
    a === '' || b === '' ? b.length - a.length : a.localeCompare(b, 'en', { numeric: true }),
  );
  const miners: T[] = [];
  const bands: Band[] = [];
  let y = 0;
  for (const [zoneId, members] of zones) {
    const top = y + labelHeight;
    bands.push({ zoneId, labelY: y + 14, top, first: miners.length, count: members.length });
    for (const miner of members) miners.push(miner);
    y = top + Math.ceil(members.length / perRow) * (side + gap) + space;
  }
  return { miners, bands, side, perRow, height: y };
};

const bandOf = ({ bands }: MapLayout<unknown>, index: number) =>
  bands.find(({ first, count }) => index >= first && index < first + count);

/** The upper left corner of a miner's square. */
export const placeOf = (layout: MapLayout<unknown>, index: number) => {
  const band = bandOf(layout, index);
  return band && placeIn(layout, band, index - band.first);
};

/** The same for the n-th miner of a band. */
export const placeIn = (layout: MapLayout<unknown>, band: Band, within: number) => {
  const pitch = layout.side + gap;
  return { x: (within % layout.perRow) * pitch, y: band.top + Math.floor(within / layout.perRow) * pitch };
};

/** The index of the miner at a point, if one is there. */
export const indexAt = (layout: MapLayout<unknown>, x: number, y: number) => {
  const pitch = layout.side + gap;
  const column = Math.floor(x / pitch);
  if (x < 0 || column >= layout.perRow) return undefined;
  const band = layout.bands.findLast(({ top }) => y >= top);
  if (!band) return undefined;
  const within = Math.floor((y - band.top) / pitch) * layout.perRow + column;
  return within < band.count ? band.first + within : undefined;
};

/** Where an arrow key, Home or End leads from a miner; the same index at the map's edge, undefined for other keys. */
export const stepFrom = (layout: MapLayout<unknown>, index: number | undefined, key: string) => {
  const last = layout.miners.length - 1;
  if (last < 0 || !/^(Arrow(Left|Right|Up|Down)|Home|End)$/.test(key)) return undefined;
  if (key === 'End') return last;
  if (key === 'Home' || index === undefined) return 0;
  if (key === 'ArrowRight') return Math.min(last, index + 1);
  if (key === 'ArrowLeft') return Math.max(0, index - 1);
  return rowStep(layout, index, key === 'ArrowDown' ? 1 : -1);
};

/** One row down or up in the same column, into the next zone where this one ends; to a short row's last square. */
const rowStep = (layout: MapLayout<unknown>, index: number, by: 1 | -1) => {
  const { bands, perRow } = layout;
  const bandIndex = bands.findIndex(({ first, count }) => index >= first && index < first + count);
  const band = bands[bandIndex];
  if (!band) return index;
  const column = (index - band.first) % perRow;
  const row = Math.floor((index - band.first) / perRow) + by;
  const inBand = (target: Band, at: number) =>
    target.first + Math.min(target.count - 1, at * perRow + column);
  const rowsOf = ({ count }: Band) => Math.ceil(count / perRow);
  if (row >= 0 && row < rowsOf(band)) return inBand(band, row);
  const next = bands[bandIndex + by];
  return next ? inBand(next, by > 0 ? 0 : rowsOf(next) - 1) : index;
};
