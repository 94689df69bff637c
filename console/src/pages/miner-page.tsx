import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import BreadcrumbGroup from '@cloudscape-design/components/breadcrumb-group';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SegmentedControl from '@cloudscape-design/components/segmented-control';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useMemo, useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { type SeriesAnswer, seriesAnswer } from '../../../contracts/api-telemetry.ts';
import { refreshMs, useGet, useLive } from '../api/queries.ts';
import { useSite } from '../app/site-context.ts';
import { useMessages } from '../i18n/language.ts';
import { StatusWord } from '../parts/badges.tsx';
import { Fetched } from '../parts/fetched.tsx';
import { useFormat } from '../parts/format.ts';
import { LineChart } from '../parts/line-chart.tsx';
import { usePageTitle } from '../parts/page-title.ts';
import { findMiner, type LiveMiner } from './live-fleet.ts';

type Tier = 'raw' | '5min';
const dayMs = 24 * 3_600_000;

/** One miner: its latest figures and its course over a day of samples or a quarter of means. */
export const MinerPage = () => {
  const { miner: texts } = useMessages();
  const { site_id: siteId } = useSite();
  const { minerId = '' } = useParams();
  usePageTitle(minerId);
  const navigate = useNavigate();
  const [tier, setTier] = useState<Tier>('raw');
  const from = useMemo(
    () => (tier === '5min' ? `&from=${new Date(Date.now() - 90 * dayMs).toISOString()}` : ''),
    [tier],
  );
  const path = `/api/v1/telemetry/series?site_id=${siteId}&miner_id=${encodeURIComponent(minerId)}&tier=${tier}${from}`;
  const series = useGet(path, seriesAnswer, refreshMs.normal, true);
  return (
    <SpaceBetween size="l">
      <BreadcrumbGroup
        items={[
          { text: texts.back, href: '/' },
          { text: minerId, href: '#' },
        ]}
        onFollow={(event) => {
          event.preventDefault();
          navigate('/');
        }}
      />
      <Header
        variant="h1"
        actions={
          <SegmentedControl
            label={texts.range}
            selectedId={tier}
            options={[
              { id: 'raw', text: texts.day },
              { id: '5min', text: texts.quarter },
            ]}
            onChange={({ detail }) => setTier(detail.selectedId === '5min' ? '5min' : 'raw')}
          />
        }
      >
        {minerId}
      </Header>
      <Latest siteId={siteId} minerId={minerId} />
      <Fetched query={series}>{(answer) => <Charts answer={answer} />}</Fetched>
    </SpaceBetween>
  );
};

const Latest = ({ siteId, minerId }: { siteId: number; minerId: string }) => (
  <Fetched query={useLive(siteId)}>{(live) => <Figures miner={findMiner(live, minerId)} />}</Fetched>
);

const Figures = ({ miner }: { miner: LiveMiner | undefined }) => {
  const { overview: texts, common, miner: own } = useMessages();
  const { number, time } = useFormat();
  if (!miner) return <Alert type="info">{own.notFound}</Alert>;
  const hashrateThs = miner.hashrateGhs === null ? null : miner.hashrateGhs / 1_000;
  return (
    <Container header={<Header variant="h2">{own.last}</Header>}>
      <KeyValuePairs
        columns={4}
        items={[
          { label: common.state, value: <StatusWord status={miner.state} /> },
          { label: common.model, value: miner.model || '–' },
          { label: common.zone, value: miner.zoneId || texts.noZone },
          { label: common.time, value: time(miner.sampledAt) },
          { label: texts.hashrate, value: number(hashrateThs, 1, 'TH/s') },
          { label: texts.power, value: number(miner.powerW, 0, 'W') },
          { label: texts.chipTemp, value: number(miner.chipTempC, 1) },
          { label: texts.fan, value: number(miner.fanRpmMin) },
        ]}
      />
    </Container>
  );
};

const fields = ['hashrate_ths', 'chip_temp_c', 'power_w'] as const;
const colours = { hashrate_ths: '#2ea597', chip_temp_c: '#d9480f', power_w: '#7048e8' } as const;

const valuesOf = (answer: SeriesAnswer, field: (typeof fields)[number]): (number | null)[] => {
  if (answer.tier === 'raw') return answer.points.map(({ values }) => values[field] ?? null);
  if (answer.tier === '5min') return answer.points.map(({ values }) => values[field]?.mean ?? null);
  return [];
};

const Charts = ({ answer }: { answer: SeriesAnswer }) => {
  const { miner: texts } = useMessages();
  const columns = useMemo(
    () => ({
      times: answer.points.map(({ at }) => Date.parse(at) / 1_000),
      values: fields.map((field) => ({ field, values: valuesOf(answer, field) })),
    }),
    [answer],
  );
  const titles = { hashrate_ths: texts.hashrate, chip_temp_c: texts.chipTemp, power_w: texts.power };
  if (answer.points.length === 0) return <Box textAlign="center">{texts.noSeries}</Box>;
  return (
    <Container>
      {columns.values.map(({ field, values }) => (
        <LineChart
          key={field}
          title={titles[field]}
          times={columns.times}
          values={values}
          colour={colours[field]}
        />
      ))}
    </Container>
  );
};
