import { commandList } from '../../../contracts/api-control.ts';
import { refreshMs, useGet } from '../api/queries.ts';
import { useSite } from '../app/site-context.ts';
import { useMessages } from '../i18n/language.ts';
import { StatusWord } from '../parts/badges.tsx';
import { Fetched } from '../parts/fetched.tsx';
import { useFormat } from '../parts/format.ts';
import { ListTable } from '../parts/list-table.tsx';

/** What was sent to machines, by whose approval, and how it ended. */
export const CommandsPage = () => {
  const { commands: texts, common } = useMessages();
  const { time } = useFormat();
  const query = useGet(
    `/api/v1/commands?site_id=${useSite().site_id}&limit=200`,
    commandList,
    refreshMs.normal,
  );
  return (
    <Fetched query={query}>
      {({ commands }) => (
        <ListTable
          title={texts.title}
          items={commands}
          idOf={(one) => one.command_id}
          sortBy={{ field: 'created', descending: true }}
          columns={[
            {
              id: 'created',
              header: texts.created,
              cell: (one) => time(one.created_at),
              sortingField: 'created_at',
            },
            { id: 'miner', header: common.miner, cell: (one) => one.miner_id, sortingField: 'miner_id' },
            { id: 'type', header: texts.type, cell: (one) => one.command_type, sortingField: 'command_type' },
            {
              id: 'status',
              header: common.status,
              cell: (one) => <StatusWord status={one.status.toLowerCase()} />,
              sortingField: 'status',
            },
            { id: 'gateway', header: texts.gateway, cell: (one) => one.gateway_id },
            { id: 'approvers', header: texts.approvers, cell: (one) => one.approvers.join(', ') },
            { id: 'settled', header: texts.settled, cell: (one) => time(one.settled_at) },
            {
              id: 'failure',
              header: texts.failure,
              cell: (one) => one.failure && `${one.failure.code} ${one.failure.detail ?? ''}`,
            },
          ]}
        />
      )}
    </Fetched>
  );
};
