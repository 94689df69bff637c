import type { MinerState } from '../../../contracts/reading.ts';
import type { LiveMiner } from '../pages/live-fleet.ts';
import { type Figure, figureOf } from './figures.ts';

/** From well to badly, or from little to much: blue over yellow to red, which colour-blind eyes tell apart too. */
export const rampStops = ['#2b6cb0', '#6db3dd', '#f2d16b', '#f08a3c', '#d1242f'] as const;
const shades = 64;

/** Apart from one another for colour-blind eyes too; who is in trouble carries a cross besides. */
export const stateColours: Record<MinerState, string> = {
  hashing: '#009e73',
  idle: '#56b4e9',
  stopped: '#7f8894',
  booting: '#f0e442',
  fault: '#d55e00',
  unreachable: '#4b3a8f',
};
/** Where a figure is shown: miners that do not hash, and those that did not say. */
export const notHashing = '#7f8894';
export const noFigure = '#cfd6de';

const channelsOf = (colour: string) => [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
const rampColours: readonly string[] = Array.from({ length: shades + 1 }, (_, shade) => {
  const position = (shade / shades) * (rampStops.length - 1);
  const at = Math.min(rampStops.length - 2, Math.floor(position));
  const from = channelsOf(rampStops[at] ?? '#000000');
  const to = channelsOf(rampStops[at + 1] ?? '#000000');
  const mixed = from.map((value, channel) =>
    Math.round(value + ((to[channel] ?? 0) - value) * (position - at)),
  );
  return `#${mixed.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
});
const ramp = (fraction: number) =>
  rampColours[Math.round(Math.min(1, Math.max(0, fraction)) * shades)] ?? noFigure;

/** By which figure miners are coloured, and the figures at the ramp's two ends. */
export type ColourScale = { readonly by: Figure; readonly ends: readonly [number, number] };

/** Chip temperature in °C and hashrate in percent of the expected have the same meaning at every site. */
const fixedEnds: Partial<Record<Figure, readonly [number, number]>> = {
  temp: [50, 95],
  hashrate: [100, 50],
  state: [0, 1],
};
/** The outermost miners, in parts of all, do not stretch the scale. */
const trimmed = 0.02;

/** The scale for a figure; power and efficiency span what the site's hashing miners have, in round figures. */
export const scaleFor = (miners: readonly LiveMiner[], by: Figure): ColourScale => {
  const fixed = fixedEnds[by];
  if (fixed) return { by, ends: fixed };
  const known = miners.flatMap((miner) => (miner.state === 'hashing' ? (figureOf(miner, by) ?? []) : []));
  const sorted = Float64Array.from(known).sort();
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? share;
  return { by, ends: roundEnds(at(trimmed), at(1 - trimmed)) };
};

/** Ends closer than this tell nothing. */
const least = 0.1;

/** The narrowest range of round figures around two. */
export const roundEnds = (low: number, high: number): readonly [number, number] => {
  const width = Math.max(high - low, Math.abs(high) / 100, least);
  const unit = 10 ** Math.floor(Math.log10(width));
  const step = width / unit >= 5 ? unit : width / unit >= 2 ? unit / 2 : unit / 5;
  const from = Math.floor(low / step) * step;
  return [from, Math.max(from + step, Math.ceil(high / step) * step)];
};

/** A miner's colour: its figure on the ramp, or its state; grey where it does not hash, pale where it has no figure. */
export const colourOf = (miner: LiveMiner, { by, ends: [from, to] }: ColourScale): string => {
  if (by === 'state') return stateColours[miner.state];
  if (miner.state !== 'hashing') return notHashing;
  const figure = figureOf(miner, by);
  return figure === null ? noFigure : ramp((figure - from) / (to - from));
};

/** Who needs somebody to come carries a cross, whatever colours tell. */
export const isCrossed = ({ state }: Pick<LiveMiner, 'state'>) =>
  state === 'fault' || state === 'unreachable';
