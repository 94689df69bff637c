import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { batchList } from '../../../contracts/api-control.ts';
import { refreshMs, useGet } from '../api/queries.ts';
import { useSite } from '../app/site-context.ts';
import { useMessages } from '../i18n/language.ts';
import { StatusWord, useStatusWords } from '../parts/badges.tsx';
import { Fetched } from '../parts/fetched.tsx';
import { useFormat } from '../parts/format.ts';
import { ListTable } from '../parts/list-table.tsx';
import { usePageTitle } from '../parts/page-title.ts';
import { nameOf } from '../parts/who.ts';
import { BatchModal } from './batch-modal.tsx';
import { BatchPanel, doneOf } from './batch-panel.tsx';

/** Orders to many miners: what waits for people, what is under way, and how it ended. */
export const BatchesPage = () => {
  const messages = useMessages();
  const { batches: texts, common, command } = messages;
  const { site_id: siteId } = useSite();
  const { time, number } = useFormat();
  const statusWord = useStatusWords();
  const navigate = useNavigate();
  const { batchId } = useParams();
  const [isMaking, setMaking] = useState(false);
  const query = useGet(`/api/v1/command-batches?site_id=${siteId}&limit=100`, batchList, refreshMs.fast);
  usePageTitle(texts.title);
  return (
    <Fetched query={query}>
      {({ batches }) => {
        const selected = batches.find(({ batch_id }) => batch_id === batchId);
        return (
          <SpaceBetween size="l">
            <ListTable
              title={texts.title}
              description={texts.hint}
              isPage
              items={batches}
              idOf={(one) => one.batch_id}
              textOf={(one) => `${command[one.command_type]} ${one.reason} ${statusWord(one.status)}`}
              filterHint={texts.find}
              empty={texts.empty}
              pageSize={10}
              selected={selected}
              onSelect={({ batch_id }) => navigate(`/batches/${batch_id}`)}
              actions={
                <Button variant="primary" onClick={() => setMaking(true)}>
                  {texts.create}
                </Button>
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
                { id: 'order', header: texts.order, minWidth: 130, cell: (one) => command[one.command_type] },
                { id: 'reason', header: texts.reason, minWidth: 160, cell: (one) => one.reason },
                {
                  id: 'status',
                  header: common.status,
                  minWidth: 150,
                  cell: (one) => <StatusWord status={one.status} />,
                  sortingField: 'status',
                },
                { id: 'miners', header: texts.miners, cell: (one) => number(one.miners) },
                {
                  id: 'progress',
                  minWidth: 130,
                  header: texts.progress,
                  cell: (one) => texts.progressOf(doneOf(one), one.miners),
                },
                {
                  id: 'requested',
                  minWidth: 120,
                  header: texts.requestedBy,
                  cell: (one) => nameOf(messages, one.requested_by),
                },
              ]}
            />
            {selected ? (
              <BatchPanel batch={selected} onChanged={() => void query.refetch()} />
            ) : (
              <Box color="text-body-secondary">{texts.select}</Box>
            )}
            {isMaking && (
              <BatchModal
                siteId={siteId}
                onClose={() => setMaking(false)}
                onMade={({ batch_id }) => {
                  setMaking(false);
                  void query.refetch();
                  navigate(`/batches/${batch_id}`);
                }}
              />
            )}
          </SpaceBetween>
        );
      }}
    </Fetched>
  );
};
