import Container from '@cloudscape-design/components/container';
import { useMemo } from 'react';
import { alertsAnswer } from '../../../contracts/api-alerting.ts';
import { refreshMs, useGet, useRecommendations } from '../api/queries.ts';
import { useMessages } from '../i18n/language.ts';
import { Figure } from '../parts/figure.tsx';
import { useFormat } from '../parts/format.ts';
import { RouteLink } from '../parts/route-link.tsx';
import { type LiveMiner, sumUp } from './live-fleet.ts';

/** What the site does as a whole, and what waits for people. */
export const FleetFigures = ({ siteId, miners }: { siteId: number; miners: readonly LiveMiner[] }) => {
  const { overview: texts } = useMessages();
  const { number } = useFormat();
  const sums = useMemo(() => sumUp(miners), [miners]);
  const most = 200;
  const alerts = useGet(
    `/api/v1/alerts?site_id=${siteId}&status=open&limit=${most}`,
    alertsAnswer,
    refreshMs.normal,
  );
  const pending = useRecommendations(siteId).data?.recommendations.filter(
    ({ status }) => status === 'pending',
  );
  const efficiencyJth = sums.hashrateThs > 0 ? (sums.powerKw * 1_000) / sums.hashrateThs : null;
  const openAlerts = `${number(alerts.data?.count)}${alerts.data?.next_cursor ? '+' : ''}`;
  return (
    <Container>
      <dl className="figures">
        <Figure label={texts.hashrate}>{number(sums.hashrateThs / 1_000, 2, 'PH/s')}</Figure>
        <Figure label={texts.power}>{number(sums.powerKw, 0, 'kW')}</Figure>
        <Figure label={texts.efficiency}>{number(efficiencyJth, 1, 'J/TH')}</Figure>
        <Figure label={texts.hashing}>
          {number(sums.hashing)} / {number(sums.total)}
        </Figure>
        <Figure label={texts.openAlerts}>
          <RouteLink href="/alerts" fontSize="inherit">
            {openAlerts}
          </RouteLink>
        </Figure>
        <Figure label={texts.awaiting}>
          <RouteLink href="/recommendations" fontSize="inherit">
            {number(pending?.length)}
          </RouteLink>
        </Figure>
      </dl>
    </Container>
  );
};
