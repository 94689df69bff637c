import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SegmentedControl from '@cloudscape-design/components/segmented-control';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useMemo, useState } from 'react';
import { useNavigate } from 'react-router';
import type { LiveAnswer } from '../../../contracts/api-telemetry.ts';
import { useLive } from '../api/queries.ts';
import { useSite } from '../app/site-context.ts';
import { useMessages } from '../i18n/language.ts';
import { Fetched } from '../parts/fetched.tsx';
import { useFormat } from '../parts/format.ts';
import { MapLegend } from '../parts/map-legend.tsx';
import { usePageTitle } from '../parts/page-title.ts';
import { SiteMap } from '../parts/site-map.tsx';
import { FleetFigures } from './fleet-figures.tsx';
import { type LiveMiner, type MapColour, mapColours, toMiners } from './live-fleet.ts';
import { MinerTable } from './miner-table.tsx';

/** The site at a glance: what it does now, where it is hot, and every miner. */
export const OverviewPage = () => {
  usePageTitle(useMessages().overview.title);
  const { site_id: siteId } = useSite();
  return <Fetched query={useLive(siteId)}>{(answer) => <Overview live={answer} />}</Fetched>;
};

const Overview = ({ live }: { live: LiveAnswer }) => {
  const { overview: texts, common } = useMessages();
  const { time } = useFormat();
  const navigate = useNavigate();
  const miners = useMemo(() => toMiners(live), [live]);
  const open = (miner: LiveMiner) => navigate(`/miners/${encodeURIComponent(miner.minerId)}`);
  return (
    <SpaceBetween size="l">
      <Header variant="h1" description={common.updated(time(live.generated_at))}>
        {texts.title}
      </Header>
      <FleetFigures siteId={live.site_id} miners={miners} />
      <MapBox miners={miners} onOpen={open} />
      <MinerTable miners={miners} />
    </SpaceBetween>
  );
};

const MapBox = ({ miners, onOpen }: { miners: readonly LiveMiner[]; onOpen: (miner: LiveMiner) => void }) => {
  const { overview: texts, state } = useMessages();
  const { number } = useFormat();
  const [by, setBy] = useState<MapColour>('temp');
  const words = { temp: texts.byTemp, hashrate: texts.byHashrate, state: texts.byState };
  const describe = (miner: LiveMiner) =>
    [
      miner.minerId,
      miner.model,
      miner.zoneId,
      state[miner.state],
      number(miner.hashrateGhs === null ? null : miner.hashrateGhs / 1_000, 1, 'TH/s'),
      number(miner.chipTempC, 1, '°C'),
      number(miner.powerW, 0, 'W'),
    ]
      .filter(Boolean)
      .join(' · ');
  return (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            <SegmentedControl
              label={texts.colour}
              selectedId={by}
              options={mapColours.map((id) => ({ id, text: words[id] }))}
              onChange={({ detail }) => setBy(mapColours.find((id) => id === detail.selectedId) ?? 'temp')}
            />
          }
        >
          {texts.map}
        </Header>
      }
    >
      <MapLegend by={by} />
      <SiteMap
        miners={miners}
        by={by}
        label={texts.map}
        hint={texts.mapHint}
        noZone={texts.noZone}
        describe={describe}
        onOpen={onOpen}
      />
    </Container>
  );
};
