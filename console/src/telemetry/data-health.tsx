import Badge from '@cloudscape-design/components/badge';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useMutation } from '@tanstack/react-query';
import { ranks } from '../../../contracts/access.ts';
import {
  type GapsAnswer,
  gapsAnswer,
  quarantineAnswer,
  replayAnswer,
} from '../../../contracts/api-telemetry-losses.ts';
import { call } from '../api/client.ts';
import { refreshMs, useGet, useSession } from '../api/queries.ts';
import { useNotify } from '../app/notices.ts';
import { useSite } from '../app/site-context.ts';
import { useMessages } from '../i18n/language.ts';
import { Fetched } from '../parts/fetched.tsx';
import { useFormat } from '../parts/format.ts';
import { ListTable } from '../parts/list-table.tsx';
import { useProblem } from '../parts/problem.ts';
import { bytesText } from './bytes.ts';
import { useSiteClock } from './use-site-clock.ts';

type Gap = GapsAnswer['gaps'][number];
type KeptAside = ReturnType<typeof quarantineAnswer.parse>['batches'][number];

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

const GapTable = ({ gaps }: { gaps: readonly Gap[] }) => {
  const { health: texts } = useMessages().telemetry;
  const { common } = useMessages();
  const { number } = useFormat();
  const clock = useSiteClock();
  return (
    <ListTable
      title={texts.gaps}
      description={texts.gapsHint}
      items={gaps}
      idOf={(gap) => `${gap.gateway_id} ${gap.shard} ${gap.after} ${gap.status}`}
      textOf={(gap) => `${gap.gateway_id} ${texts[gap.status]}`}
      empty={texts.noGaps}
      columns={[
        { id: 'gateway', header: texts.gateway, cell: (gap) => gap.gateway_id, sortingField: 'gateway_id' },
        { id: 'shard', header: texts.shard, cell: (gap) => gap.shard, sortingField: 'shard' },
        {
          id: 'status',
          header: common.status,
          minWidth: 130,
          cell: (gap) => (
            <StatusIndicator type={gap.status === 'open' ? 'pending' : 'error'}>
              {texts[gap.status]}
            </StatusIndicator>
          ),
          sortingField: 'status',
        },
        {
          id: 'batches',
          header: texts.batches,
          cell: (gap) => number(gap.batches),
          sortingField: 'batches',
        },
        {
          id: 'between',
          header: texts.between,
          cell: (gap) => <span className="mono nowrap">{`${gap.after} … ${gap.before}`}</span>,
        },
        { id: 'at', header: texts.declared, cell: (gap) => clock.at(gap.at) },
      ]}
    />
  );
};

type AsideTableProps = {
  readonly siteId: number;
  readonly batches: readonly KeptAside[];
  readonly onChange: () => void;
};

const AsideTable = ({ siteId, batches, onChange }: AsideTableProps) => {
  const { health: texts } = useMessages().telemetry;
  const { number } = useFormat();
  const clock = useSiteClock();
  const rank = useSession().data?.user.rank;
  const mayReplay = rank !== undefined && ranks.indexOf(rank) >= ranks.indexOf('operator');
  const faults: Readonly<Record<string, string>> = texts.faults;
  const faultOf = ({ fault }: KeptAside) => faults[fault] ?? fault;
  return (
    <ListTable
      title={texts.aside}
      description={texts.asideHint}
      items={batches}
      idOf={(one) => one.quarantine_id}
      textOf={(one) => `${one.gateway_id} ${one.fault} ${faultOf(one)} ${one.detail}`}
      empty={texts.noAside}
      columns={[
        {
          id: 'received',
          header: texts.received,
          minWidth: 120,
          cell: (one) => clock.at(one.received_at),
          sortingField: 'received_at',
        },
        { id: 'gateway', header: texts.gateway, cell: (one) => one.gateway_id, sortingField: 'gateway_id' },
        {
          id: 'reason',
          header: texts.reason,
          minWidth: 260,
          cell: (one) => (
            <>
              <Badge color="grey">{faultOf(one)}</Badge>
              <div className="detail">{one.detail}</div>
            </>
          ),
        },
        {
          id: 'bytes',
          header: texts.size,
          cell: (one) => bytesText(one.bytes, number),
          sortingField: 'bytes',
        },
        { id: 'replay', header: texts.replay, minWidth: 170, cell: (one) => <Replayed batch={one} /> },
        ...(mayReplay
          ? [
              {
                id: 'act',
                header: texts.act,
                minWidth: 120,
                cell: (one: KeptAside) => <ReplayButton siteId={siteId} batch={one} onChange={onChange} />,
              },
            ]
          : []),
      ]}
    />
  );
};

const Replayed = ({ batch: { replay, replayed_at: at, replay_detail: detail } }: { batch: KeptAside }) => {
  const { health: texts } = useMessages().telemetry;
  const clock = useSiteClock();
  if (replay === 'none') return <>{texts.never}</>;
  return (
    <>
      <StatusIndicator type={replay === 'replayed' ? 'success' : 'error'}>{texts[replay]}</StatusIndicator>
      <div className="detail">{[clock.at(at), detail].filter(Boolean).join(' · ')}</div>
    </>
  );
};

type ReplayProps = {
  readonly siteId: number;
  readonly batch: KeptAside;
  readonly onChange: () => void;
};

const ReplayButton = ({ siteId, batch, onChange }: ReplayProps) => {
  const { health: texts } = useMessages().telemetry;
  const notify = useNotify();
  const problem = useProblem();
  const replay = useMutation({
    mutationFn: () =>
      call('POST', `/api/v1/telemetry/quarantine/${batch.quarantine_id}/replay`, replayAnswer, {
        site_id: siteId,
      }),
    onSuccess: ({ replay: outcome, detail }) => {
      if (outcome === 'replayed') notify('success', texts.replayDone);
      else notify('warning', texts.replayRefused(detail ?? ''));
      onChange();
    },
    onError: (error) => notify('error', problem(error)),
  });
  if (batch.replay === 'replayed') return null;
  return (
    <Button
      variant="inline-link"
      iconName="redo"
      loading={replay.isPending}
      ariaLabel={`${texts.replayNow}: ${batch.quarantine_id}`}
      onClick={() => replay.mutate()}
    >
      {texts.replayNow}
    </Button>
  );
};
