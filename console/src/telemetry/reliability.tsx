import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import { availabilityAnswer } from '../../../contracts/api-telemetry-series.ts';
import { useGet } from '../api/queries.ts';
import { useSite } from '../app/site-context.ts';
import { useMessages } from '../i18n/language.ts';
import { Fetched } from '../parts/fetched.tsx';
import { useFormat } from '../parts/format.ts';

/** How much of the last 30 days a miner was up, how often it was down, and for how long. */
export const Reliability = ({ minerId }: { minerId: string }) => {
  const { miner: texts } = useMessages();
  const { number } = useFormat();
  const { site_id: siteId } = useSite();
  const query = useGet(
    `/api/v1/telemetry/availability?site_id=${siteId}&by=miner&miner_id=${encodeURIComponent(minerId)}`,
    availabilityAnswer,
  );
  return (
    <Container header={<Header variant="h2">{texts.reliability}</Header>}>
      <Fetched query={query}>
        {({ columns }) => {
          const row = Math.max(0, columns.key.indexOf(minerId));
          const figures = [
            [texts.availability, number(columns.availability_pct[row], 2, '%')],
            [texts.outages, number(columns.outages[row])],
            [texts.mttr, number(columns.mttr_minutes[row], 1, texts.minutes)],
            [texts.mtbf, number(columns.mtbf_hours[row], 1, texts.hours)],
            [texts.longest, number(columns.longest_outage_minutes[row], 1, texts.minutes)],
            [texts.unknown, number(columns.unknown_hours[row], 1, texts.hours)],
          ];
          return (
            <dl className="figures">
              {figures.map(([label, value]) => (
                <div key={label}>
                  <dt>{label}</dt>
                  <dd>{value}</dd>
                </div>
              ))}
            </dl>
          );
        }}
      </Fetched>
    </Container>
  );
};
