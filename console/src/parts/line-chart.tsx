import 'uplot/dist/uPlot.min.css';
import { useEffect, useRef } from 'react';
import UPlot from 'uplot';

type LineChartProps = {
  readonly title: string;
  /** Seconds since 1970, ascending. */
  readonly times: readonly number[];
  readonly values: readonly (number | null)[];
  readonly colour: string;
};

/** One line over time; gaps stay gaps. Charts of one page share their cursor. */
export const LineChart = ({ title, times, values, colour }: LineChartProps) => {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const ink = getComputedStyle(element).color;
    const axis = { stroke: ink, grid: { stroke: '#8883', width: 1 }, ticks: { stroke: '#8883', width: 1 } };
    const chart = new UPlot(
      {
        title,
        width: element.clientWidth,
        height: 200,
        cursor: { sync: { key: 'miner' } },
        legend: { show: true },
        axes: [axis, axis],
        series: [{}, { label: title, stroke: colour, width: 1.5, spanGaps: false }],
      },
      [[...times], [...values]],
      element,
    );
    const observer = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height: 200 }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.destroy();
    };
  }, [title, times, values, colour]);
  return <div ref={place} className="chart" />;
};
