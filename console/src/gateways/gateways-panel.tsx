import Alert from '@cloudscape-design/components/alert';
import ButtonDropdown from '@cloudscape-design/components/button-dropdown';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { type Gateway, gatewaysAnswer, gatewayView } from '../../../contracts/api-gateways.ts';
import { call } from '../api/client.ts';
import { refreshMs, useGet } from '../api/queries.ts';
import { useNotify } from '../app/notices.ts';
import { useSite } from '../app/site-context.ts';
import { useMessages } from '../i18n/language.ts';
import { Fetched } from '../parts/fetched.tsx';
import { useFormat } from '../parts/format.ts';
import { ListTable } from '../parts/list-table.tsx';
import { useProblem } from '../parts/problem.ts';
import { ReasonModal } from '../parts/reason-modal.tsx';
import { ZonesModal } from './zones-modal.tsx';

const indicators = {
  registering: 'pending',
  active: 'success',
  revoked: 'error',
  rotating: 'in-progress',
  asked: 'in-progress',
} as const;
const stateOf = ({ status, rotating, rotation_requested }: Gateway): keyof typeof indicators => {
  if (status !== 'active') return status;
  if (rotating) return 'rotating';
  return rotation_requested ? 'asked' : 'active';
};

type Asked = { readonly gateway: Gateway; readonly what: 'rebind' | 'revoke' };

/** The site's gateways; a manager renews their keys, binds them to zones and shuts them out. */
export const GatewaysPanel = ({ mayManage }: { readonly mayManage: boolean }) => {
  const { gateways: texts, common } = useMessages();
  const { site_id } = useSite();
  const { time } = useFormat();
  const problem = useProblem();
  const notify = useNotify();
  const [asked, setAsked] = useState<Asked>();
  const path = `/api/v1/sites/${site_id}/gateways`;
  const query = useGet(path, gatewaysAnswer, refreshMs.normal);
  const rotating = useMutation({
    mutationFn: ({ gateway_id }: Gateway) => call('POST', `${path}/${gateway_id}/rotate`, gatewayView),
    onSuccess: () => {
      notify('success', texts.rotated);
      void query.refetch();
    },
  });
  const done = () => {
    setAsked(undefined);
    void query.refetch();
  };
  return (
    <Fetched query={query}>
      {({ gateways }) => (
        <SpaceBetween size="m">
          {rotating.isError && <Alert type="error">{problem(rotating.error)}</Alert>}
          <ListTable
            title={texts.title}
            description={texts.hint}
            isPage
            empty={texts.empty}
            items={gateways}
            idOf={(one) => one.gateway_id}
            textOf={(one) => `${one.gateway_id} ${one.name} ${texts.states[stateOf(one)]}`}
            columns={[
              { id: 'id', header: texts.id, cell: (one) => one.gateway_id, sortingField: 'gateway_id' },
              { id: 'name', header: texts.name, cell: (one) => one.name, sortingField: 'name' },
              {
                id: 'state',
                header: common.status,
                minWidth: 170,
                cell: (one) => (
                  <StatusIndicator type={indicators[stateOf(one)]} wrapText={false}>
                    {texts.states[stateOf(one)]}
                  </StatusIndicator>
                ),
              },
              {
                id: 'zones',
                header: texts.zones,
                cell: (one) => (one.zone_ids === 'all' ? texts.allZones : one.zone_ids.join(', ')),
              },
              {
                id: 'issued',
                header: texts.issued,
                cell: (one) => one.issued_at && time(one.issued_at),
                sortingField: 'issued_at',
              },
              {
                id: 'steps',
                header: texts.steps,
                cell: (gateway) =>
                  mayManage &&
                  gateway.status !== 'revoked' && (
                    <ButtonDropdown
                      ariaLabel={texts.stepsFor(gateway.gateway_id)}
                      variant="icon"
                      items={[
                        { id: 'rotate', text: texts.rotate, disabled: gateway.status !== 'active' },
                        { id: 'rebind', text: texts.rebind },
                        { id: 'revoke', text: texts.revoke },
                      ]}
                      onItemClick={({ detail: { id } }) => {
                        if (id === 'rotate') rotating.mutate(gateway);
                        else setAsked({ gateway, what: id === 'rebind' ? 'rebind' : 'revoke' });
                      }}
                    />
                  ),
              },
            ]}
          />
          {asked?.what === 'rebind' && (
            <ZonesModal gateway={asked.gateway} onClose={() => setAsked(undefined)} onSaved={done} />
          )}
          {asked?.what === 'revoke' && (
            <ReasonModal
              title={texts.revoke}
              name={asked.gateway.gateway_id}
              act={(reason) =>
                call('POST', `${path}/${asked.gateway.gateway_id}/revoke`, gatewayView, { reason })
              }
              onClose={() => setAsked(undefined)}
              onDone={done}
            />
          )}
        </SpaceBetween>
      )}
    </Fetched>
  );
};
