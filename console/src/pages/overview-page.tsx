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
import { scaleFor } from '../telemetry/colour-scale.ts';
import { useDescribe } from '../telemetry/describe-miner.ts';
import { FleetFigures } from './fleet-figures.tsx';
import { type LiveMiner, toMiners } from './live-fleet.ts';
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

const mapColours = ['temp', 'hashrate', 'state'] as const;
type MapColour = (typeof mapColours)[number];

const MapBox = ({ miners, onOpen }: { miners: readonly LiveMiner[]; onOpen: (miner: LiveMiner) => void }) => {
  const { overview: texts } = useMessages();
  const describe = useDescribe();
  const [by, setBy] = useState<MapColour>('temp');
  const scale = useMemo(() => scaleFor(miners, by), [miners, by]);
  const words = { temp: texts.byTemp, hashrate: texts.byHashrate, state: texts.byState };
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
      <MapLegend scale={scale} />
      <SiteMap
        miners={miners}
        scale={scale}
        label={texts.map}
        hint={texts.mapHint}
        zoneTitle={(zoneId) => zoneId || texts.noZone}
        describe={describe}
        onOpen={onOpen}
      />
    </Container>
  );
};
