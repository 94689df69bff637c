import 'uplot/dist/uPlot.min.css';
import { useEffect, useRef } from 'react';
import UPlot from 'uplot';
import { useLanguage, useMessages } from '../i18n/language.ts';
import { useFormat } from './format.ts';

type LineChartProps = {
  readonly title: string;
  /** Seconds since 1970, ascending. */
  readonly times: readonly number[];
  readonly values: readonly (number | null)[];
  readonly colour: string;
};

const height = 200;
const dayS = 24 * 3_600;

/** One line over time; gaps stay gaps. Charts of one page share their cursor. New figures leave the cursor where it is. */
export const LineChart = ({ title, times, values, colour }: LineChartProps) => {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<UPlot>(null);
  const language = useLanguage();
  const { common, miner: texts } = useMessages();
  const { number } = useFormat();
  const timeWord = common.time;

  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const locale = language === 'zh' ? 'zh-CN' : 'en-GB';
    const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
    const tick = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' });
    const day = new Intl.DateTimeFormat(locale, { month: 'numeric', day: 'numeric' });
    const axis = {
      // Read at each drawing, so that a change of theme shows with the next figures.
      stroke: () => getComputedStyle(element).color,
      grid: { stroke: '#8883', width: 1 },
      ticks: { stroke: '#8883', width: 1 },
    };
    const ticksOf = (self: UPlot, splits: number[]) => {
      const range = (self.scales.x?.max ?? 0) - (self.scales.x?.min ?? 0);
      const format = range < 10 * 60 ? clock : range < 1.5 * dayS ? tick : day;
      return splits.map((at) => format.format(at * 1_000));
    };
    const made = new UPlot(
      {
        width: element.clientWidth,
        height,
        cursor: { sync: { key: 'miner' } },
        legend: { show: true },
        axes: [{ ...axis, values: ticksOf }, axis],
        series: [
          {
            label: timeWord,
            value: (_, at: number | null) =>
              at === null ? '–' : `${day.format(at * 1_000)} ${clock.format(at * 1_000)}`,
          },
          { label: title, stroke: colour, width: 1.5, spanGaps: false },
        ],
      },
      [[], []],
      element,
    );
    chart.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [title, colour, language, timeWord]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a chart made anew needs its figures again
  useEffect(
    () => chart.current?.setData([[...times], [...values]]),
    [times, values, title, colour, language],
  );

  const known = values.filter((value) => value !== null);
  const [least, most] = known.reduce(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
  const summary =
    known.length > 0
      ? texts.summary(number(least, 1), number(most, 1), number(known.at(-1), 1))
      : common.none;
  return (
    <figure className="chart" aria-label={`${title}: ${summary}`}>
      <figcaption>
        <b>{title}</b> <span>{summary}</span>
      </figcaption>
      <div ref={place} aria-hidden="true" />
    </figure>
  );
};
