import Badge from '@cloudscape-design/components/badge';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { ranks } from '../../../contracts/access.ts';
import { useSession } from '../api/queries.ts';
import { useMessages } from '../i18n/language.ts';
import { useFormat } from '../parts/format.ts';
import { ListTable } from '../parts/list-table.tsx';
import { bytesText } from './bytes.ts';
import { type KeptAside, ReplayButton } from './replay-button.tsx';
import { useSiteClock } from './use-site-clock.ts';

type AsideTableProps = {
  readonly siteId: number;
  readonly batches: readonly KeptAside[];
  readonly onChange: () => void;
};

/** Batches that could not be used, why, and a button to try them again for those who may. */
export const AsideTable = ({ siteId, batches, onChange }: AsideTableProps) => {
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
