import Alert from '@cloudscape-design/components/alert';
import BreadcrumbGroup from '@cloudscape-design/components/breadcrumb-group';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { liveAnswer } from '../../../contracts/api-telemetry.ts';
import { refreshMs, useGet } from '../api/queries.ts';
import { useSite } from '../app/site-context.ts';
import { useMessages } from '../i18n/language.ts';
import { StatusWord } from '../parts/badges.tsx';
import { Fetched } from '../parts/fetched.tsx';
import { useFormat } from '../parts/format.ts';
import { usePageTitle } from '../parts/page-title.ts';
import { ErrorCodes } from '../telemetry/error-codes.tsx';
import { ExportModal } from '../telemetry/export-modal.tsx';
import { MinerCharts } from '../telemetry/miner-charts.tsx';
import { MinerDays } from '../telemetry/miner-days.tsx';
import { Reliability } from '../telemetry/reliability.tsx';
import { useSiteClock } from '../telemetry/use-site-clock.ts';
import { findMiner, type LiveMiner } from './live-fleet.ts';

/** One miner: its latest figures, its course over any range, and its days. */
export const MinerPage = () => {
  const { miner: texts, telemetry } = useMessages();
  const { site_id: siteId } = useSite();
  const { minerId = '' } = useParams();
  usePageTitle(minerId);
  const navigate = useNavigate();
  const [isExporting, setIsExporting] = useState(false);
  const live = useGet(
    `/api/v1/telemetry/live?site_id=${siteId}&miner_id=${encodeURIComponent(minerId)}`,
    liveAnswer,
    refreshMs.normal,
    true,
  );
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
        description={telemetry.timesIn(useSite().time_zone)}
        actions={
          <Button iconName="download" onClick={() => setIsExporting(true)}>
            {telemetry.export.open}
          </Button>
        }
      >
        {minerId}
      </Header>
      <Fetched query={live}>{(answer) => <Figures miner={findMiner(answer, minerId)} />}</Fetched>
      <ErrorCodes minerId={minerId} />
      <MinerCharts minerId={minerId} />
      <Reliability minerId={minerId} />
      <MinerDays minerId={minerId} />
      {isExporting && <ExportModal minerId={minerId} onClose={() => setIsExporting(false)} />}
    </SpaceBetween>
  );
};

const Figures = ({ miner }: { miner: LiveMiner | undefined }) => {
  const { overview: texts, common, miner: own } = useMessages();
  const { number } = useFormat();
  const clock = useSiteClock();
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
          { label: common.time, value: clock.at(miner.sampledAt) },
          { label: texts.hashrate, value: number(hashrateThs, 1, 'TH/s') },
          { label: texts.power, value: number(miner.powerW, 0, 'W') },
          { label: texts.chipTemp, value: number(miner.chipTempC, 1) },
          { label: texts.fan, value: number(miner.fanRpmMin) },
        ]}
      />
    </Container>
  );
};
