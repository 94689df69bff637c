import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import ButtonDropdown from '@cloudscape-design/components/button-dropdown';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import * as z from 'zod';
import {
  pingAnswer,
  type Webhook,
  webhookAnswer,
  webhooksAnswer,
  webhookWithSecret,
} from '../../../contracts/api-webhooks.ts';
import { call } from '../api/client.ts';
import { refreshMs, useGet, useSession } from '../api/queries.ts';
import { useNotify } from '../app/notices.ts';
import { useSite } from '../app/site-context.ts';
import { useMessages } from '../i18n/language.ts';
import { Fetched } from '../parts/fetched.tsx';
import { useFormat } from '../parts/format.ts';
import { ListTable } from '../parts/list-table.tsx';
import { usePageTitle } from '../parts/page-title.ts';
import { useProblem } from '../parts/problem.ts';
import { DeliveriesPanel } from './deliveries-panel.tsx';
import { WebhookModal } from './webhook-modal.tsx';

const steps = ['ping', 'rotate', 'switch', 'remove'] as const;
type Step = (typeof steps)[number];

/** The site's webhooks, what was sent to the one that is chosen, and all that an administrator does with them. */
export const WebhooksPage = () => {
  const { webhooks: texts, common } = useMessages();
  const { time } = useFormat();
  const problem = useProblem();
  const notify = useNotify();
  usePageTitle(texts.title);
  const { site_id } = useSite();
  const user = useSession().data?.user;
  const mayChange = user?.rank === 'admin';
  const [chosenId, setChosenId] = useState<string>();
  const [isMaking, setMaking] = useState(false);
  const [secret, setSecret] = useState<string>();
  const query = useGet(`/api/v1/webhooks?site_id=${site_id}`, webhooksAnswer, refreshMs.normal);
  const step = useMutation({
    mutationFn: async ({ webhook, what }: { readonly webhook: Webhook; readonly what: Step }) => {
      const path = `/api/v1/webhooks/${webhook.webhook_id}`;
      if (what === 'ping') {
        await call('POST', `${path}/ping`, pingAnswer, { site_id });
        notify('success', texts.pinged);
      } else if (what === 'rotate')
        setSecret((await call('POST', `${path}/secret`, webhookWithSecret, { site_id })).secret);
      else if (what === 'switch')
        await call('PATCH', path, webhookAnswer, { site_id, enabled: !webhook.enabled });
      else if (window.confirm(texts.removeAsk(webhook.url)))
        await call('DELETE', `${path}?site_id=${site_id}`, z.undefined());
    },
    onSettled: () => void query.refetch(),
  });
  const stateOf = (one: Webhook) => texts.state[one.enabled ? 'on' : (one.disabled_reason ?? 'person')];
  return (
    <Fetched query={query}>
      {({ webhooks }) => {
        const chosen = webhooks.find(({ webhook_id }) => webhook_id === chosenId);
        return (
          <SpaceBetween size="l">
            {step.isError && <Alert type="error">{problem(step.error)}</Alert>}
            {secret !== undefined && (
              <Alert
                type="info"
                dismissible
                onDismiss={() => setSecret(undefined)}
                header={texts.secretShown}
              >
                <Box variant="code" data-testid="webhook-secret">
                  {secret}
                </Box>
              </Alert>
            )}
            <ListTable
              title={texts.title}
              isPage
              description={texts.hint}
              empty={texts.empty}
              items={webhooks}
              idOf={(one) => one.webhook_id}
              textOf={(one) => `${one.url} ${one.description} ${one.event_types.join(' ')}`}
              selected={chosen}
              onSelect={(one) => setChosenId(one.webhook_id)}
              actions={
                mayChange && (
                  <Button variant="primary" onClick={() => setMaking(true)}>
                    {texts.add}
                  </Button>
                )
              }
              columns={[
                { id: 'url', header: texts.url, cell: (one) => one.url, sortingField: 'url' },
                { id: 'description', header: texts.description, cell: (one) => one.description },
                { id: 'types', header: texts.types, cell: (one) => one.event_types.join(', ') },
                {
                  id: 'state',
                  header: common.status,
                  cell: (one) => (
                    <StatusIndicator
                      type={!one.enabled ? 'stopped' : one.failing_since ? 'warning' : 'success'}
                    >
                      {one.enabled && one.failing_since
                        ? texts.failingSince(time(one.failing_since))
                        : stateOf(one)}
                    </StatusIndicator>
                  ),
                },
                {
                  id: 'steps',
                  header: '',
                  cell: (one) =>
                    mayChange && (
                      <ButtonDropdown
                        ariaLabel={`${texts.title}: ${one.url}`}
                        variant="icon"
                        items={[
                          { id: 'ping', text: texts.ping, disabled: !one.enabled },
                          { id: 'rotate', text: texts.rotate, description: texts.rotateHint },
                          { id: 'switch', text: one.enabled ? texts.disable : texts.enable },
                          { id: 'remove', text: texts.remove },
                        ]}
                        onItemClick={({ detail }) => {
                          const what = steps.find((id) => id === detail.id);
                          if (what) step.mutate({ webhook: one, what });
                        }}
                      />
                    ),
                },
              ]}
            />
            {chosen && <DeliveriesPanel webhook={chosen} mayChange={mayChange} />}
            {isMaking && (
              <WebhookModal
                siteId={site_id}
                onClose={() => setMaking(false)}
                onMade={(made) => {
                  setMaking(false);
                  setSecret(made);
                  void query.refetch();
                }}
              />
            )}
          </SpaceBetween>
        );
      }}
    </Fetched>
  );
};
