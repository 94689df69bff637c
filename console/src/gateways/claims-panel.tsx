import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { type Claim, claimsAnswer, claimView } from '../../../contracts/api-gateways.ts';
import { call } from '../api/client.ts';
import { refreshMs, useGet } from '../api/queries.ts';
import { useSite } from '../app/site-context.ts';
import { useMessages } from '../i18n/language.ts';
import { Fetched } from '../parts/fetched.tsx';
import { useFormat } from '../parts/format.ts';
import { ListTable } from '../parts/list-table.tsx';
import { useProblem } from '../parts/problem.ts';
import { ClaimModal } from './claim-modal.tsx';

/** The claims by which gateways may register. Managers see them; administrators make and withdraw them. */
export const ClaimsPanel = ({ mayChange }: { readonly mayChange: boolean }) => {
  const { gateways, common } = useMessages();
  const texts = gateways.claims;
  const { site_id } = useSite();
  const { time } = useFormat();
  const problem = useProblem();
  const [isMaking, setMaking] = useState(false);
  const [code, setCode] = useState<string>();
  const path = `/api/v1/sites/${site_id}/gateway-claims`;
  const query = useGet(path, claimsAnswer, refreshMs.normal);
  const withdrawing = useMutation({
    mutationFn: ({ claim_id }: Claim) => call('DELETE', `${path}/${claim_id}`, claimView),
    onSettled: () => void query.refetch(),
  });
  return (
    <Fetched query={query}>
      {({ claims }) => (
        <SpaceBetween size="m">
          {withdrawing.isError && <Alert type="error">{problem(withdrawing.error)}</Alert>}
          {code !== undefined && (
            <Alert type="info" dismissible onDismiss={() => setCode(undefined)} header={texts.shown}>
              <Box variant="code" data-testid="claim-code">
                {code}
              </Box>
            </Alert>
          )}
          <ListTable
            title={texts.title}
            description={texts.hint}
            empty={texts.empty}
            items={claims}
            idOf={(one) => one.claim_id}
            textOf={(one) => `${one.gateway_id} ${one.name} ${texts.state[one.status]}`}
            actions={mayChange && <Button onClick={() => setMaking(true)}>{texts.add}</Button>}
            columns={[
              {
                id: 'gateway',
                header: gateways.id,
                cell: (one) => one.gateway_id,
                sortingField: 'gateway_id',
              },
              { id: 'name', header: gateways.name, cell: (one) => one.name },
              { id: 'status', header: common.status, cell: (one) => texts.state[one.status] },
              {
                id: 'expires',
                header: texts.expires,
                cell: (one) => time(one.expires_at),
                sortingField: 'expires_at',
              },
              {
                id: 'withdraw',
                header: gateways.steps,
                cell: (one) =>
                  mayChange &&
                  one.status === 'open' && (
                    <Button
                      ariaLabel={texts.withdrawFor(one.gateway_id)}
                      loading={withdrawing.isPending}
                      onClick={() => withdrawing.mutate(one)}
                    >
                      {texts.withdraw}
                    </Button>
                  ),
              },
            ]}
          />
          {isMaking && (
            <ClaimModal
              siteId={site_id}
              onClose={() => setMaking(false)}
              onMade={(made) => {
                setMaking(false);
                setCode(made);
                void query.refetch();
              }}
            />
          )}
        </SpaceBetween>
      )}
    </Fetched>
  );
};
