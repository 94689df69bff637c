import SpaceBetween from '@cloudscape-design/components/space-between';
import { useMemo } from 'react';
import { minerSeriesAnswer } from '../../../contracts/api-telemetry-series.ts';
import { useSite } from '../app/site-context.ts';
import { useMessages } from '../i18n/language.ts';
import { ChartsPanel } from './charts-panel.tsx';
import { minerCharts, minerFields } from './miner-charts-data.ts';
import { QueryTrouble } from './query-trouble.tsx';
import { spanOf } from './range.ts';
import { useOverTime } from './use-over-time.ts';
import { useRange } from './use-range.ts';

/** One miner's course from the year down to its last sample. */
export const MinerCharts = ({ minerId }: { minerId: string }) => {
  const messages = useMessages();
  const { site_id: siteId, time_zone: timeZone } = useSite();
  const state = useRange();
  const path = `/api/v1/telemetry/miners/${encodeURIComponent(minerId)}/series?site_id=${siteId}&fields=${minerFields.join(',')}`;
  const query = useOverTime(path, state.range, minerSeriesAnswer);
  const answer = query.data?.answer;
  const content = useMemo(() => answer && minerCharts(answer, messages), [answer, messages]);
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
      />
    </SpaceBetween>
  );
};
