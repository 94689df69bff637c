import Container from '@cloudscape-design/components/container';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { gapsAnswer, quarantineAnswer } from '../../../contracts/api-telemetry-losses.ts';
import { refreshMs, useGet } from '../api/queries.ts';
import { useSite } from '../app/site-context.ts';
import { useMessages } from '../i18n/language.ts';
import { Fetched } from '../parts/fetched.tsx';
import { useFormat } from '../parts/format.ts';
import { AsideTable } from './aside-table.tsx';
import { type Gap, GapTable } from './gap-table.tsx';
import type { KeptAside } from './replay-button.tsx';

/** What telemetry is missing, what is lost for good, and what could not be used and why. */
export const DataHealth = () => {
  const { site_id: siteId } = useSite();
  const gaps = useGet(`/api/v1/telemetry/gaps?site_id=${siteId}`, gapsAnswer, refreshMs.normal);
  const aside = useGet(
    `/api/v1/telemetry/quarantine?site_id=${siteId}&limit=200`,
    quarantineAnswer,
    refreshMs.normal,
  );
  return (
    <SpaceBetween size="l">
      <Fetched query={gaps}>
        {(missing) => (
          <SpaceBetween size="l">
            <Sums
              gaps={missing.gaps}
              aside={aside.data?.batches}
              hasMore={Boolean(aside.data?.next_cursor)}
            />
            <GapTable gaps={missing.gaps} />
          </SpaceBetween>
        )}
      </Fetched>
      <Fetched query={aside}>
        {({ batches }) => (
          <AsideTable siteId={siteId} batches={batches} onChange={() => void aside.refetch()} />
        )}
      </Fetched>
    </SpaceBetween>
  );
};

type SumsProps = {
  readonly gaps: readonly Gap[];
  readonly aside: readonly KeptAside[] | undefined;
  readonly hasMore: boolean;
};

const Sums = ({ gaps, aside, hasMore }: SumsProps) => {
  const { health: texts } = useMessages().telemetry;
  const { number } = useFormat();
  const batchesOf = (status: Gap['status']) =>
    gaps.filter((gap) => gap.status === status).reduce((sum, { batches }) => sum + batches, 0);
  const waiting = aside?.filter(({ replay }) => replay !== 'replayed').length;
  const figures = [
    { label: texts.openBatches, value: batchesOf('open'), type: 'pending', more: '' },
    { label: texts.lostBatches, value: batchesOf('lost'), type: 'error', more: '' },
    { label: texts.keptAside, value: waiting, type: 'warning', more: hasMore ? '+' : '' },
  ] as const;
  return (
    <Container>
      <dl className="figures">
        {figures.map(({ label, value, type, more }) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>
              <StatusIndicator type={value === undefined ? 'loading' : value === 0 ? 'success' : type}>
                {number(value)}
                {more}
              </StatusIndicator>
            </dd>
          </div>
        ))}
      </dl>
    </Container>
  );
};
