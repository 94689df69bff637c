import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import SegmentedControl from '@cloudscape-design/components/segmented-control';
import { useMemo } from 'react';
import { useNavigate } from 'react-router';
import type { LiveAnswer } from '../../../contracts/api-telemetry.ts';
import { useLive } from '../api/queries.ts';
import { useSite } from '../app/site-context.ts';
import { useMessages } from '../i18n/language.ts';
import { type LiveMiner, toMiners } from '../pages/live-fleet.ts';
import { Fetched } from '../parts/fetched.tsx';
import { useFormat } from '../parts/format.ts';
import { MapLegend } from '../parts/map-legend.tsx';
import { SiteMap } from '../parts/site-map.tsx';
import { scaleFor } from './colour-scale.ts';
import { useDescribe } from './describe-miner.ts';
import { type Figure, figureOf, figures, figureUnits, isFigure } from './figures.ts';
import { robustly } from './outliers.ts';
import { useLinkState } from './use-range.ts';
import { useSiteClock } from './use-site-clock.ts';

/** Every miner of the site by zone, coloured by a figure. */
export const Heatmap = () => {
  const { site_id: siteId } = useSite();
  return <Fetched query={useLive(siteId)}>{(live) => <MinerMap live={live} />}</Fetched>;
};

const MinerMap = ({ live }: { live: LiveAnswer }) => {
  const { telemetry: texts, overview, common } = useMessages();
  const { number } = useFormat();
  const clock = useSiteClock();
  const navigate = useNavigate();
  const describe = useDescribe();
  const [params, change] = useLinkState();
  const asked = params.get('figure');
  const by: Figure = isFigure(asked) ? asked : 'temp';
  const miners = useMemo(() => toMiners(live), [live]);
  const scale = useMemo(() => scaleFor(miners, by), [miners, by]);
  const medians = useMemo(() => mediansOf(miners, by), [miners, by]);
  const zoneTitle = (zoneId: string, count: number) => {
    const median = medians.get(zoneId);
    const parts = [zoneId || overview.noZone, texts.minerCount(count, number(count))];
    if (by !== 'state' && median !== undefined)
      parts.push(`${texts.median} ${number(median, figureUnits[by].digits, figureUnits[by].unit)}`);
    return parts.join(' · ');
  };
  return (
    <Container
      header={
        <Header
          variant="h2"
          description={common.updated(clock.at(live.generated_at))}
          actions={
            <SegmentedControl
              label={overview.colour}
              selectedId={by}
              options={figures.map((id) => ({ id, text: texts.figures[id] }))}
              onChange={({ detail }) =>
                change({ figure: detail.selectedId === 'temp' ? undefined : detail.selectedId }, true)
              }
            />
          }
        >
          {texts.tabs.heatmap}
        </Header>
      }
    >
      {miners.length === 0 ? (
        <p className="hint">{common.empty}</p>
      ) : (
        <>
          <MapLegend scale={scale} />
          <SiteMap
            miners={miners}
            scale={scale}
            label={texts.tabs.heatmap}
            hint={overview.mapHint}
            zoneTitle={zoneTitle}
            describe={describe}
            onOpen={({ minerId }) => navigate(`/miners/${encodeURIComponent(minerId)}`)}
          />
        </>
      )}
    </Container>
  );
};

/** The median of a figure over each zone's hashing miners. */
const mediansOf = (miners: readonly LiveMiner[], by: Figure) => {
  const zones = new Map<string, number[]>();
  for (const miner of miners) {
    const value = miner.state === 'hashing' ? figureOf(miner, by) : null;
    if (value === null) continue;
    const zone = zones.get(miner.zoneId);
    if (zone) zone.push(value);
    else zones.set(miner.zoneId, [value]);
  }
  return new Map([...zones].map(([zoneId, values]) => [zoneId, robustly(values).median]));
};
