import UPlot from 'uplot';
import { lineColour, paler } from './chart-colours.ts';
import type { Figures } from './chart-data.ts';
import type { SiteTime } from './site-time.ts';

/** One line of a chart, perhaps with the band of what lay around it. */
export type Line = {
  readonly label: string;
  readonly values: Figures;
  readonly low?: Figures;
  readonly high?: Figures;
  readonly colour: number;
  readonly dashed?: boolean;
};

type Wishes = {
  readonly lines: readonly Line[];
  readonly size: { readonly width: number; readonly height: number };
  /** What no figure exceeds. */
  readonly most: number;
  readonly timeZone: string;
  readonly clock: SiteTime;
  readonly dark: boolean;
  readonly axisNumber: (value: number, digits: number) => string;
  /** The stretches to shade, in seconds. */
  readonly gaps: () => readonly (readonly [number, number])[];
  readonly onCursor: (index: number | undefined, left: number) => void;
  readonly onSelect: (fromMs: number, toMs: number) => void;
  readonly onReset: () => void;
};

/** The first column of each line among a chart's columns; 0 are the instants. */
export const columnsOf = (lines: readonly Line[]) => {
  let next = 1;
  return lines.map((line) => {
    const mean = next;
    next += line.low && line.high ? 3 : 1;
    return mean;
  });
};

/** A chart's columns as uPlot takes them. */
export const dataOf = (times: readonly number[], lines: readonly Line[]): UPlot.AlignedData => [
  [...times],
  ...lines.flatMap(({ values, low, high }) =>
    low && high ? [[...values], [...high], [...low]] : [[...values]],
  ),
];

/** Points that stand alone between gaps, which a line would not show. */
const alone: UPlot.Series.Points.Filter = (self, series, isShown) => {
  if (isShown) return null;
  const column = self.data[series] ?? [];
  const known = (index: number) => (column[index] ?? null) !== null;
  const found: number[] = [];
  for (let index = 0; index < column.length; index++)
    if (known(index) && !known(index - 1) && !known(index + 1)) found.push(index);
  return found;
};

const shade = (self: UPlot, gaps: readonly (readonly [number, number])[], colour: string) => {
  const { ctx, bbox } = self;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.fillStyle = colour;
  for (const [from, to] of gaps) {
    const left = self.valToPos(from, 'x', true);
    ctx.fillRect(left, bbox.top, self.valToPos(to, 'x', true) - left, bbox.height);
  }
  ctx.restore();
};

/** A y axis that fits what is in sight, with room above and below; never without extent, nor where no figure can be. */
const fitY =
  (most: number) =>
  (_: UPlot, low: number | null, high: number | null): UPlot.Range.MinMax => {
    if (low === null || high === null || !Number.isFinite(low)) return [0, 1];
    const room = Math.max(1, Math.abs(low) / 20);
    const [from, to] = low === high ? [low - room, high + room] : UPlot.rangeNum(low, high, 0.1, true);
    return [low >= 0 ? Math.max(0, from ?? low) : from, Math.min(Math.max(most, high), to ?? high)];
  };

/** As many decimal places as tell an axis's ticks apart. */
const digitsOf = (ticks: readonly number[]) => {
  const places = [0, 1, 2, 3];
  return (
    places.find((digits) => ticks.every((tick) => Math.abs(tick - Number(tick.toFixed(digits))) < 1e-9)) ?? 3
  );
};

/** How a chart is drawn and what it does: dragging chooses a span, a double click goes back; the chart itself never moves. */
export const optionsOf = (wishes: Wishes): UPlot.Options => {
  const { lines, clock, dark } = wishes;
  const grid = { stroke: dark ? '#ffffff14' : '#00000012', width: 1 };
  const axis = {
    stroke: dark ? '#b6bec9' : '#414d5c',
    grid,
    ticks: { ...grid, size: 4 },
    font: '11px sans-serif',
  };
  const columns = columnsOf(lines);
  const still = { points: { show: false }, width: 0, spanGaps: false };
  return {
    ...wishes.size,
    tzDate: (seconds) => UPlot.tzDate(new Date(seconds * 1_000), wishes.timeZone),
    legend: { show: false },
    padding: [8, 8, 0, 0],
    scales: { x: { time: true, auto: false }, y: { range: fitY(wishes.most) } },
    axes: [
      {
        ...axis,
        space: 70,
        size: 26,
        values: (_, splits, __, ___, stepS) => splits.map((at) => clock.tick(at * 1_000, stepS * 1_000)),
      },
      {
        ...axis,
        size: 56,
        values: (_, splits) => splits.map((value) => wishes.axisNumber(value, digitsOf(splits))),
      },
    ],
    series: [
      {},
      ...lines.flatMap((line): UPlot.Series[] => {
        const stroke = lineColour(line.colour, dark);
        const mean: UPlot.Series = {
          label: line.label,
          stroke,
          width: 1.5,
          spanGaps: false,
          points: { filter: alone, size: 4, fill: stroke },
          ...(line.dashed && { dash: [5, 4] }),
        };
        return line.low && line.high ? [mean, { ...still, stroke }, { ...still, stroke }] : [mean];
      }),
    ],
    bands: lines.flatMap((line, index) => {
      const column = columns[index] ?? 0;
      const fill = paler(lineColour(line.colour, dark), dark ? 26 : 20);
      return line.low && line.high ? [{ series: [column + 1, column + 2], fill } satisfies UPlot.Band] : [];
    }),
    cursor: {
      y: false,
      // The edges of a band have no mark of their own.
      points: { size: (_, series) => (columns.includes(series) ? 7 : 0) },
      drag: { x: true, y: false, setScale: false, dist: 6 },
      sync: { key: 'telemetry', filters: { pub: (type) => type === 'mousemove' || type === 'mouseleave' } },
      bind: {
        dblclick: () => () => {
          wishes.onReset();
          return null;
        },
      },
    },
    hooks: {
      drawAxes: [(self) => shade(self, wishes.gaps(), dark ? '#ffffff0d' : '#0000000a')],
      setCursor: [
        (self) => {
          const { idx, left = -1 } = self.cursor;
          wishes.onCursor(left < 0 || idx === null ? undefined : idx, left + self.over.offsetLeft);
        },
      ],
      setSelect: [
        (self) => {
          const { left, width } = self.select;
          if (width <= 0) return;
          self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          wishes.onSelect(self.posToVal(left, 'x') * 1_000, self.posToVal(left + width, 'x') * 1_000);
        },
      ],
    },
  };
};
