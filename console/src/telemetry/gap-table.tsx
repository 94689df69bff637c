import StatusIndicator from '@cloudscape-design/components/status-indicator';
import type { GapsAnswer } from '../../../contracts/api-telemetry-losses.ts';
import { useMessages } from '../i18n/language.ts';
import { useFormat } from '../parts/format.ts';
import { ListTable } from '../parts/list-table.tsx';
import { useSiteClock } from './use-site-clock.ts';

export type Gap = GapsAnswer['gaps'][number];

/** Batches that were sent and have not come: awaited, or lost for good. */
export const GapTable = ({ gaps }: { gaps: readonly Gap[] }) => {
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
