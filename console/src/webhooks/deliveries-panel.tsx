import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useMutation } from '@tanstack/react-query';
import {
  type Delivery,
  deliveriesAnswer,
  deliveryAnswer,
  replayAnswer,
  type Webhook,
} from '../../../contracts/api-webhooks.ts';
import { call } from '../api/client.ts';
import { refreshMs, useGet } from '../api/queries.ts';
import { useNotify } from '../app/notices.ts';
import { useMessages } from '../i18n/language.ts';
import { Fetched } from '../parts/fetched.tsx';
import { useFormat } from '../parts/format.ts';
import { ListTable } from '../parts/list-table.tsx';
import { useProblem } from '../parts/problem.ts';

const dayMs = 86_400_000;

type DeliveriesPanelProps = { readonly webhook: Webhook; readonly mayChange: boolean };

/** What was sent to a webhook, how each attempt ended, and sending it again. */
export const DeliveriesPanel = ({ webhook, mayChange }: DeliveriesPanelProps) => {
  const { webhooks: texts, common } = useMessages();
  const { time } = useFormat();
  const problem = useProblem();
  const notify = useNotify();
  const { webhook_id: id, site_id } = webhook;
  const path = `/api/v1/webhooks/${id}`;
  const query = useGet(`${path}/deliveries?site_id=${site_id}&limit=100`, deliveriesAnswer, refreshMs.normal);
  const again = useMutation({
    mutationFn: (one: Delivery) =>
      call('POST', `${path}/deliveries/${one.delivery_id}/replay`, deliveryAnswer, { site_id }),
    onSuccess: () => void query.refetch(),
  });
  const replaying = useMutation({
    mutationFn: () =>
      call('POST', `${path}/replays`, replayAnswer, {
        site_id,
        from: new Date(Date.now() - dayMs).toISOString(),
        to: new Date().toISOString(),
      }),
    onSuccess: () => {
      notify('success', texts.replayed);
      void query.refetch();
    },
  });
  const lastOf = ({ attempts }: Delivery) => {
    const last = attempts.at(-1);
    if (!last) return '';
    return `${time(last.at)}: ${texts.outcome[last.outcome]}${last.status_code === undefined ? '' : ` (${last.status_code})`}`;
  };
  return (
    <Fetched query={query}>
      {({ deliveries }) => (
        <SpaceBetween size="m">
          {again.isError && <Alert type="error">{problem(again.error)}</Alert>}
          {replaying.isError && <Alert type="error">{problem(replaying.error)}</Alert>}
          <ListTable
            title={texts.deliveries}
            description={webhook.url}
            empty={texts.noDeliveries}
            items={deliveries}
            idOf={(one) => one.delivery_id}
            textOf={(one) => `${one.event_type} ${one.event_id} ${texts.status[one.status]}`}
            actions={
              mayChange && (
                <Button
                  disabled={!webhook.enabled}
                  loading={replaying.isPending}
                  onClick={() => replaying.mutate()}
                >
                  {texts.replay}
                </Button>
              )
            }
            columns={[
              {
                id: 'time',
                header: common.time,
                cell: (one) => time(one.created_at),
                sortingField: 'created_at',
              },
              { id: 'type', header: texts.event, cell: (one) => one.event_type, sortingField: 'event_type' },
              { id: 'status', header: common.status, cell: (one) => texts.status[one.status] },
              { id: 'attempts', header: texts.attempts, cell: (one) => one.attempt_count },
              { id: 'last', header: texts.last, cell: lastOf },
              {
                id: 'next',
                header: texts.next,
                cell: (one) => (one.next_attempt_at ? time(one.next_attempt_at) : ''),
              },
              {
                id: 'again',
                header: texts.again,
                cell: (one) =>
                  mayChange &&
                  one.status !== 'pending' && (
                    <Button
                      disabled={!webhook.enabled}
                      ariaLabel={texts.againFor(one.event_id)}
                      onClick={() => again.mutate(one)}
                    >
                      {texts.again}
                    </Button>
                  ),
              },
            ]}
          />
        </SpaceBetween>
      )}
    </Fetched>
  );
};
