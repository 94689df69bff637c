import Button from '@cloudscape-design/components/button';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Tabs from '@cloudscape-design/components/tabs';
import { useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { useSite } from '../app/site-context.ts';
import { useMessages } from '../i18n/language.ts';
import { usePageTitle } from '../parts/page-title.ts';
import { DataHealth } from './data-health.tsx';
import { ExportModal } from './export-modal.tsx';
import { Heatmap } from './heatmap.tsx';
import { Outliers } from './outliers-tab.tsx';
import { SiteCharts } from './site-charts.tsx';

const tabs = ['charts', 'heatmap', 'outliers', 'health'] as const;
type Tab = (typeof tabs)[number];
const pathOf = (tab: Tab) => (tab === 'charts' ? '/telemetry' : `/telemetry/${tab}`);

/** A site's telemetry: its course from the year down to five minutes, every miner now, who stands out, and what is missing. */
export const TelemetryPage = () => {
  const { telemetry: texts } = useMessages();
  const { time_zone: timeZone } = useSite();
  const { tab = 'charts' } = useParams();
  const navigate = useNavigate();
  const [isExporting, setIsExporting] = useState(false);
  const active = tabs.find((one) => one === tab) ?? 'charts';
  usePageTitle(`${texts.title}: ${texts.tabs[active]}`);
  const contents = {
    charts: <SiteCharts />,
    heatmap: <Heatmap />,
    outliers: <Outliers />,
    health: <DataHealth />,
  };
  return (
    <SpaceBetween size="m">
      <Header
        variant="h1"
        description={texts.timesIn(timeZone)}
        actions={
          <Button iconName="download" onClick={() => setIsExporting(true)}>
            {texts.export.open}
          </Button>
        }
      >
        {texts.title}
      </Header>
      <Tabs
        activeTabId={active}
        ariaLabel={texts.title}
        tabs={tabs.map((id) => ({
          id,
          label: texts.tabs[id],
          href: pathOf(id),
          content: id === active && contents[id],
        }))}
        onChange={({ detail }) => {
          const next = tabs.find((one) => one === detail.activeTabId);
          if (next) navigate(pathOf(next));
        }}
      />
      {isExporting && <ExportModal onClose={() => setIsExporting(false)} />}
    </SpaceBetween>
  );
};
