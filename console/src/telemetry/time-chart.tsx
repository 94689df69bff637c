import 'uplot/dist/uPlot.min.css';
import { useEffect, useMemo, useRef, useState } from 'react';
import UPlot from 'uplot';
import { useDark } from '../app/preferences.ts';
import { useLanguage, useMessages } from '../i18n/language.ts';
import { useFormat } from '../parts/format.ts';
import { lineColour } from './chart-colours.ts';
import { extremesOf, gapsOf } from './chart-data.ts';
import { dataOf, type Line, optionsOf } from './chart-options.ts';
import type { Span } from './range.ts';
import { siteTime } from './site-time.ts';

export type TimeChartProps = {
  readonly title: string;
  readonly unit: string;
  readonly digits: number;
  /** Seconds since 1970, ascending. */
  readonly times: readonly number[];
  readonly lines: readonly Line[];
  readonly span: Span;
  readonly timeZone: string;
  readonly onSpan: (span: Span) => void;
  readonly onReset: () => void;
};

const height = 190;

/**
 * Lines over a span of time with the bands of what lay around them; gaps stay gaps and are shaded. All charts of a page share
 * their cursor. Dragging chooses a span; new figures leave the chart and its cursor where they are.
 */
export const TimeChart = (props: TimeChartProps) => {
  const { title, unit, digits, times, lines, span, timeZone, onSpan, onReset } = props;
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<UPlot>(null);
  const actions = useRef({ onSpan, onReset });
  const language = useLanguage();
  const isDark = useDark();
  const { telemetry: texts } = useMessages();
  const { number } = useFormat();
  const [cursor, setCursor] = useState<{ readonly index: number; readonly left: number }>();
  const [isOver, setIsOver] = useState(false);
  const clock = useMemo(() => siteTime(language, timeZone), [language, timeZone]);
  const look = JSON.stringify([
    lines.map(({ label, colour, dashed, low }) => [label, colour, dashed, low !== undefined]),
    unit,
  ]);
  const facts = useMemo(
    () => ({
      gaps: gapsOf(
        times,
        lines.map(({ values }) => values),
      ),
      extremes: lines.map(({ values }) => extremesOf(values)),
    }),
    [times, lines],
  );
  const latest = useRef({ facts, number });
  useEffect(() => {
    actions.current = { onSpan, onReset };
    latest.current = { facts, number };
  });

  // biome-ignore lint/correctness/useExhaustiveDependencies: `look` says what of the lines needs another chart
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const made = new UPlot(
      optionsOf({
        lines,
        size: { width: element.clientWidth, height },
        most: unit === '%' ? 100 : Number.POSITIVE_INFINITY,
        timeZone,
        clock,
        dark: isDark,
        axisNumber: (value, digits) => latest.current.number(value, digits),
        gaps: () => latest.current.facts.gaps,
        onCursor: (index, left) =>
          setCursor((before) =>
            index === undefined
              ? undefined
              : before?.index === index && before.left === left
                ? before
                : { index, left },
          ),
        onSelect: (fromMs, toMs) => actions.current.onSpan({ fromMs, toMs }),
        onReset: () => actions.current.onReset(),
      }),
      [[], ...lines.flatMap(({ low }) => (low ? [[], [], []] : [[]]))],
      element,
    );
    chart.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      chart.current = null;
    };
  }, [look, language, timeZone, isDark]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a chart made anew needs its figures again
  useEffect(() => {
    const drawn = chart.current;
    drawn?.batch(() => {
      drawn.setData(dataOf(times, lines), false);
      drawn.setScale('x', { min: span.fromMs / 1_000, max: span.toMs / 1_000 });
    });
  }, [times, lines, span.fromMs, span.toMs, look, language, timeZone, isDark]);

  const said = facts.extremes.map((found, index) =>
    [
      lines[index]?.label,
      found
        ? texts.summary(
            number(found.least, digits),
            number(found.most, digits),
            number(found.last, digits, unit),
          )
        : texts.nothing,
    ].join(' '),
  );
  const at = cursor?.index;
  return (
    <figure className="time-chart" aria-label={`${title}: ${said.join('; ')}`}>
      <figcaption>
        <b>{title}</b> <span className="unit">{unit}</span>
        <span className="keys">
          {lines.map((line, index) => (
            <span key={line.label}>
              <i
                style={{ background: lineColour(line.colour, isDark) }}
                className={line.dashed ? 'dashed' : ''}
              />
              {lines.length > 1 && line.label}{' '}
              <b>{number(at === undefined ? facts.extremes[index]?.last : line.values[at], digits)}</b>
            </span>
          ))}
        </span>
      </figcaption>
      <div
        ref={place}
        className="plot"
        aria-hidden="true"
        onPointerEnter={() => setIsOver(true)}
        onPointerLeave={() => setIsOver(false)}
      >
        {facts.extremes.every((found) => !found) && <span className="nothing">{texts.nothingHere}</span>}
        {isOver && cursor && times[cursor.index] !== undefined && (
          <Tip {...props} index={cursor.index} left={cursor.left} width={place.current?.clientWidth ?? 0} />
        )}
      </div>
    </figure>
  );
};

type TipProps = TimeChartProps & { readonly index: number; readonly left: number; readonly width: number };

/** The exact values under the cursor, at the site's time and in UTC. */
const Tip = ({ unit, digits, times, lines, timeZone, index, left, width }: TipProps) => {
  const language = useLanguage();
  const isDark = useDark();
  const { telemetry: texts } = useMessages();
  const { exact } = useFormat();
  const clock = siteTime(language, timeZone);
  const ms = (times[index] ?? 0) * 1_000;
  const isRight = left > width / 2;
  return (
    <div
      className="tip"
      style={isRight ? { insetInlineEnd: width - left + 12 } : { insetInlineStart: left + 12 }}
    >
      <b>{clock.exact(ms)}</b>
      {timeZone !== 'UTC' && <span className="utc">{clock.utc(ms)}</span>}
      <table>
        <tbody>
          {lines.map(({ label, values, low, high, colour }) => (
            <tr key={label}>
              <th scope="row">
                <i style={{ background: lineColour(colour, isDark) }} /> {label}
              </th>
              <td>
                {exact(values[index], digits, (values[index] ?? null) === null ? '' : unit)}
                {low && high && (low[index] ?? null) !== null && (
                  <small>{texts.range(exact(low[index], digits), exact(high[index], digits))}</small>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
};
