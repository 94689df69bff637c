import SegmentedControl from '@cloudscape-design/components/segmented-control';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useMemo } from 'react';
import { aggregatesAnswer, type Grouping, groupings } from '../../../contracts/api-telemetry-series.ts';
import { useSite } from '../app/site-context.ts';
import { useMessages } from '../i18n/language.ts';
import { aggregateCharts } from './aggregate-charts.ts';
import { mostLines } from './chart-colours.ts';
import { ChartsPanel } from './charts-panel.tsx';
import { QueryTrouble } from './query-trouble.tsx';
import { spanOf } from './range.ts';
import { useOverTime } from './use-over-time.ts';
import { useLinkState, useRange } from './use-range.ts';

const everything = '';

/** The course of a site, or of its zones, models or customers side by side. */
export const SiteCharts = () => {
  const messages = useMessages();
  const { telemetry: texts } = messages;
  const { site_id: siteId, time_zone: timeZone } = useSite();
  const [params, change] = useLinkState();
  const state = useRange();
  const by: Grouping = groupings.find((one) => one === params.get('by')) ?? 'site';
  const key = by === 'site' ? everything : (params.get('key') ?? everything);
  const which = key ? `&key=${encodeURIComponent(key)}` : by === 'site' ? '' : '&max_points=1000';
  const path = `/api/v1/telemetry/aggregates?site_id=${siteId}&by=${by}${which}`;
  const query = useOverTime(path, state.range, aggregatesAnswer);
  const groups = useOverTime(
    `/api/v1/telemetry/aggregates?site_id=${siteId}&by=${by}&max_points=1000`,
    { preset: '24h' },
    aggregatesAnswer,
  );
  const answer = query.data?.answer;
  const content = useMemo(() => answer && aggregateCharts(answer, messages), [answer, messages]);
  const names = groups.data?.answer.by === by ? groups.data.answer.groups.map((group) => group.key) : [];
  const options = [
    { value: everything, label: texts.everyGroup },
    ...names.filter(Boolean).map((name) => ({ value: name, label: name })),
  ];
  const count = answer?.groups.length ?? 0;
  return (
    <SpaceBetween size="m">
      <QueryTrouble query={query} />
      <ChartsPanel
        state={state}
        span={query.data && !query.isPlaceholderData ? query.data.span : spanOf(state.range, Date.now())}
        timeZone={answer?.time_zone ?? timeZone}
        resolution={answer?.resolution}
        isWaiting={query.isPlaceholderData}
        content={content}
        expected={query.isError ? 0 : 6}
        {...(count > mostLines && { description: texts.someGroups(mostLines, count) })}
        actions={
          <>
            <SegmentedControl
              label={texts.groupBy}
              selectedId={by}
              options={groupings.map((id) => ({ id, text: texts.groupings[id] }))}
              onChange={({ detail }) =>
                change({ by: detail.selectedId === 'site' ? undefined : detail.selectedId, key: undefined })
              }
            />
            {by !== 'site' && (
              <Select
                ariaLabel={texts.groupings[by]}
                selectedOption={options.find(({ value }) => value === key) ?? { value: key, label: key }}
                options={options}
                onChange={({ detail }) => change({ key: detail.selectedOption.value })}
                expandToViewport
              />
            )}
          </>
        }
      />
    </SpaceBetween>
  );
};
