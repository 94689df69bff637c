import { useCommands } from '../api/queries.ts';
import { useSite } from '../app/site-context.ts';
import { useMessages } from '../i18n/language.ts';
import { StatusWord, useStatusWords } from '../parts/badges.tsx';
import { Fetched } from '../parts/fetched.tsx';
import { useFormat } from '../parts/format.ts';
import { ListTable } from '../parts/list-table.tsx';
import { usePageTitle } from '../parts/page-title.ts';
import { RouteLink } from '../parts/route-link.tsx';
import { nameOf } from '../parts/who.ts';

/** What was sent to machines, by whose approval, and how it ended. */
export const CommandsPage = () => {
  const messages = useMessages();
  const { commands: texts, common } = messages;
  const { time } = useFormat();
  const statusWord = useStatusWords();
  usePageTitle(texts.title);
  return (
    <Fetched query={useCommands(useSite().site_id)}>
      {({ commands }) => (
        <ListTable
          title={texts.title}
          isPage
          items={commands}
          idOf={(one) => one.command_id}
          textOf={(one) =>
            `${one.miner_id} ${messages.command[one.command_type]} ${statusWord(one.status)} ${one.gateway_id}`
          }
          sortBy={{ field: 'created', descending: true }}
          columns={[
            {
              id: 'created',
              minWidth: 110,
              header: texts.created,
              cell: (one) => time(one.created_at),
              sortingField: 'created_at',
            },
            {
              id: 'miner',
              header: common.miner,
              minWidth: 110,
              cell: (one) => <RouteLink href={`/miners/${one.miner_id}`}>{one.miner_id}</RouteLink>,
              sortingField: 'miner_id',
            },
            {
              id: 'type',
              minWidth: 130,
              header: texts.type,
              cell: (one) => messages.command[one.command_type],
              sortingField: 'command_type',
            },
            {
              id: 'status',
              header: common.status,
              minWidth: 150,
              cell: (one) => <StatusWord status={one.status} />,
              sortingField: 'status',
            },
            { id: 'gateway', header: texts.gateway, cell: (one) => one.gateway_id },
            {
              id: 'approvers',
              minWidth: 120,
              header: texts.approvers,
              cell: (one) => one.approvers.map((actor) => nameOf(messages, actor)).join(', '),
            },
            { id: 'settled', header: texts.settled, cell: (one) => time(one.settled_at) },
            {
              id: 'failure',
              header: texts.failure,
              minWidth: 150,
              cell: (one) => one.failure && `${one.failure.code} ${one.failure.detail ?? ''}`,
            },
            {
              id: 'recommendation',
              minWidth: 90,
              header: texts.recommendation,
              cell: (one) =>
                one.recommendation_id && (
                  <RouteLink href={`/recommendations/${one.recommendation_id}`}>{texts.open}</RouteLink>
                ),
            },
          ]}
        />
      )}
    </Fetched>
  );
};
