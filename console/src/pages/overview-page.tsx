import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import Link from '@cloudscape-design/components/link';
import SegmentedControl from '@cloudscape-design/components/segmented-control';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useMemo, useState } from 'react';
import { useNavigate } from 'react-router';
import { alertsAnswer } from '../../../contracts/api-alerting.ts';
import { liveAnswer } from '../../../contracts/api-telemetry.ts';
import { refreshMs, useGet, useRecommendations } from '../api/queries.ts';
import { useSite } from '../app/site-context.ts';
import { useMessages } from '../i18n/language.ts';
import { StatusWord } from '../parts/badges.tsx';
import { Fetched } from '../parts/fetched.tsx';
import { useFormat } from '../parts/format.ts';
import { ListTable } from '../parts/list-table.tsx';
import { SiteMap } from '../parts/site-map.tsx';
import { type LiveMiner, type MapColour, sumUp, toMiners } from './live-fleet.ts';

/** The site at a glance: what it does now, where it is hot, and every miner. */
export const OverviewPage = () => {
  const { site_id: siteId } = useSite();
  const live = useGet(`/api/v1/telemetry/live?site_id=${siteId}`, liveAnswer, refreshMs.normal);
  return <Fetched query={live}>{(answer) => <Overview siteId={siteId} live={answer} />}</Fetched>;
};

const Overview = ({
  siteId,
  live,
}: {
  siteId: number;
  live: Parameters<typeof toMiners>[0] & { generated_at: string };
}) => {
  const { overview: texts, common, state } = useMessages();
  const { number, time } = useFormat();
  const navigate = useNavigate();
  const [by, setBy] = useState<MapColour>('temp');
  const miners = useMemo(() => toMiners(live), [live]);
  const sums = useMemo(() => sumUp(miners), [miners]);
  const alerts = useGet(
    `/api/v1/alerts?site_id=${siteId}&status=open&limit=200`,
    alertsAnswer,
    refreshMs.normal,
  );
  const recommendations = useRecommendations(siteId);
  const open = (miner: LiveMiner) => navigate(`/miners/${encodeURIComponent(miner.minerId)}`);
  const describe = (miner: LiveMiner) =>
    [
      miner.minerId,
      miner.model,
      miner.zoneId,
      state[miner.state],
      number(miner.hashrateGhs === null ? null : miner.hashrateGhs / 1_000, 1, 'TH/s'),
      number(miner.chipTempC, 1, '°C'),
      number(miner.powerW, 0, 'W'),
    ].join(' · ');
  return (
    <SpaceBetween size="l">
      <Header variant="h1" description={common.updated(time(live.generated_at))}>
        {texts.title}
      </Header>
      <Container>
        <KeyValuePairs
          columns={6}
          items={[
            { label: texts.hashrate, value: <Figure text={number(sums.hashrateThs / 1_000, 2, 'PH/s')} /> },
            { label: texts.power, value: <Figure text={number(sums.powerKw, 0, 'kW')} /> },
            {
              label: texts.efficiency,
              value: (
                <Figure
                  text={number(
                    sums.hashrateThs > 0 ? (sums.powerKw * 1_000) / sums.hashrateThs : null,
                    1,
                    'J/TH',
                  )}
                />
              ),
            },
            {
              label: texts.hashing,
              value: <Figure text={`${number(sums.hashing)} / ${number(sums.total)}`} />,
            },
            { label: texts.openAlerts, value: <Figure text={number(alerts.data?.count)} /> },
            {
              label: texts.awaiting,
              value: (
                <Figure
                  text={number(
                    recommendations.data?.recommendations.filter(({ status }) => status === 'pending').length,
                  )}
                />
              ),
            },
          ]}
        />
      </Container>
      <Container
        header={
          <Header
            variant="h2"
            description={texts.mapHint}
            actions={
              <SegmentedControl
                label={texts.colour}
                selectedId={by}
                options={[
                  { id: 'temp', text: texts.byTemp },
                  { id: 'hashrate', text: texts.byHashrate },
                  { id: 'state', text: texts.byState },
                ]}
                onChange={({ detail }) =>
                  setBy(
                    detail.selectedId === 'hashrate' || detail.selectedId === 'state'
                      ? detail.selectedId
                      : 'temp',
                  )
                }
              />
            }
          >
            {texts.map}
          </Header>
        }
      >
        <SiteMap miners={miners} by={by} label={texts.mapHint} describe={describe} onOpen={open} />
      </Container>
      <MinerTable miners={miners} onOpen={open} />
    </SpaceBetween>
  );
};

const Figure = ({ text }: { text: string }) => (
  <Box variant="span" fontSize="heading-l" fontWeight="bold">
    {text}
  </Box>
);

const MinerTable = ({
  miners,
  onOpen,
}: {
  miners: readonly LiveMiner[];
  onOpen: (miner: LiveMiner) => void;
}) => {
  const { overview: texts, common } = useMessages();
  const { number } = useFormat();
  return (
    <ListTable
      title={texts.miners}
      items={miners}
      idOf={(one) => one.minerId}
      pageSize={50}
      filterHint={texts.findMiner}
      columns={[
        {
          id: 'miner',
          header: common.miner,
          sortingField: 'minerId',
          cell: (one) => (
            <Link
              href={`/miners/${encodeURIComponent(one.minerId)}`}
              onFollow={(event) => {
                event.preventDefault();
                onOpen(one);
              }}
            >
              {one.minerId}
            </Link>
          ),
        },
        { id: 'zone', header: common.zone, cell: (one) => one.zoneId, sortingField: 'zoneId' },
        { id: 'model', header: common.model, cell: (one) => one.model, sortingField: 'model' },
        {
          id: 'state',
          header: common.state,
          cell: (one) => <StatusWord status={one.state} />,
          sortingField: 'state',
        },
        {
          id: 'hashrate',
          header: texts.hashrate,
          sortingField: 'hashrateGhs',
          cell: (one) => number(one.hashrateGhs === null ? null : one.hashrateGhs / 1_000, 1, 'TH/s'),
        },
        {
          id: 'power',
          header: texts.power,
          cell: (one) => number(one.powerW, 0, 'W'),
          sortingField: 'powerW',
        },
        {
          id: 'efficiency',
          header: texts.efficiency,
          cell: (one) => number(one.efficiencyJth, 1, 'J/TH'),
          sortingField: 'efficiencyJth',
        },
        {
          id: 'chip',
          header: texts.chipTemp,
          cell: (one) => number(one.chipTempC, 1),
          sortingField: 'chipTempC',
        },
        {
          id: 'inlet',
          header: texts.inletTemp,
          cell: (one) => number(one.inletTempC, 1),
          sortingField: 'inletTempC',
        },
        { id: 'fan', header: texts.fan, cell: (one) => number(one.fanRpmMin), sortingField: 'fanRpmMin' },
      ]}
    />
  );
};
