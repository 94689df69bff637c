import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SegmentedControl from '@cloudscape-design/components/segmented-control';
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef } from 'react';
import type { Resolution } from '../../../contracts/api-telemetry-series.ts';
import { useMessages } from '../i18n/language.ts';
import type { Line } from './chart-options.ts';
import { ChartTable } from './chart-table.tsx';
import { keyMove, type Span } from './range.ts';
import { RangeBar } from './range-bar.tsx';
import { TimeChart } from './time-chart.tsx';
import { type RangeState, useLinkState } from './use-range.ts';

export type Chart = {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly digits: number;
  readonly lines: readonly Line[];
};
export type Charts = { readonly times: readonly number[]; readonly charts: readonly Chart[] };

type ChartsPanelProps = {
  readonly state: RangeState;
  readonly span: Span;
  readonly timeZone: string;
  readonly resolution: Resolution | undefined;
  /** Another range is on its way. */
  readonly isWaiting: boolean;
  readonly content: Charts | undefined;
  readonly description?: string;
  readonly actions?: ReactNode;
  /** How many charts to expect while they load. */
  readonly expected: number;
};

const skeletons = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

/** Charts over one range, or their figures as a table: zoomed by dragging, keys and buttons alike. */
export const ChartsPanel = (props: ChartsPanelProps) => {
  const { state, span, timeZone, resolution, isWaiting, content, description, actions, expected } = props;
  const { telemetry: texts } = useMessages();
  const [params, change] = useLinkState();
  const hint = useId();
  // Keys that follow fast upon each other add up, also while the page still draws the first.
  const wanted = useRef(span);
  useEffect(() => {
    wanted.current = { fromMs: span.fromMs, toMs: span.toMs };
  }, [span.fromMs, span.toMs]);
  const isTable = params.get('view') === 'table';
  const press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const move = keyMove(event.key, wanted.current, Date.now());
    if (move === undefined) return;
    event.preventDefault();
    if (move === 'reset') return state.onReset();
    wanted.current = move;
    state.onSpan(move);
  };
  return (
    <Container
      header={
        <Header
          variant="h2"
          {...(description && { description })}
          actions={
            <div className="chart-actions">
              {actions}
              <SegmentedControl
                label={texts.view}
                selectedId={isTable ? 'table' : 'charts'}
                options={[
                  { id: 'charts', text: texts.asCharts },
                  { id: 'table', text: texts.asTable },
                ]}
                onChange={({ detail }) =>
                  change({ view: detail.selectedId === 'table' ? 'table' : undefined }, true)
                }
              />
            </div>
          }
        >
          {texts.course}
        </Header>
      }
    >
      <RangeBar {...state} span={span} timeZone={timeZone} resolution={resolution} />
      {isTable && content ? (
        <ChartTable {...content} timeZone={timeZone} />
      ) : (
        <>
          <div
            className={`time-charts${isWaiting ? ' waiting' : ''}`}
            // biome-ignore lint/a11y/noNoninteractiveTabindex: an application region takes the keys that it names
            tabIndex={0}
            role="application"
            aria-label={texts.charts}
            aria-describedby={hint}
            aria-busy={isWaiting}
            onKeyDown={press}
          >
            {content
              ? content.charts.map((chart) => (
                  <TimeChart
                    key={chart.id}
                    {...chart}
                    times={content.times}
                    span={span}
                    timeZone={timeZone}
                    onSpan={state.onSpan}
                    onReset={state.onReset}
                  />
                ))
              : skeletons.slice(0, expected).map((id) => <div key={id} className="skeleton" />)}
          </div>
          <p id={hint} className="hint">
            {texts.chartHint}
          </p>
        </>
      )}
    </Container>
  );
};
