import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { Role } from '../../../contracts/access.ts';
import { type ApiKeyView, apiKeyList, done } from '../../../contracts/api-users.ts';
import { call } from '../api/client.ts';
import { useGet } from '../api/queries.ts';
import { useMessages } from '../i18n/language.ts';
import { Fetched } from '../parts/fetched.tsx';
import { useFormat } from '../parts/format.ts';
import { ListTable } from '../parts/list-table.tsx';
import { useProblem } from '../parts/problem.ts';
import { ApiKeyModal } from './api-key-modal.tsx';

/** The person's API keys: made, shown once, revoked. */
export const ApiKeysPanel = ({ role }: { readonly role: Role }) => {
  const { people: texts, common } = useMessages();
  const { time } = useFormat();
  const problem = useProblem();
  const [isMaking, setMaking] = useState(false);
  const [shown, setShown] = useState<string>();
  const query = useGet('/api/v1/users/me/api-keys', apiKeyList);
  const revoking = useMutation({
    mutationFn: (one: ApiKeyView) => call('DELETE', `/api/v1/users/me/api-keys/${one.key_id}`, done),
    onSuccess: () => void query.refetch(),
  });
  return (
    <Fetched query={query}>
      {({ api_keys }) => (
        <SpaceBetween size="m">
          {revoking.isError && <Alert type="error">{problem(revoking.error)}</Alert>}
          {shown !== undefined && (
            <Alert type="info" dismissible onDismiss={() => setShown(undefined)} header={texts.keyShown}>
              <Box variant="code" data-testid="api-key">
                {shown}
              </Box>
            </Alert>
          )}
          <ListTable
            title={texts.keys}
            description={texts.keysHint}
            items={api_keys}
            idOf={(one) => one.key_id}
            textOf={(one) => `${one.name} ${one.scopes.join(' ')}`}
            actions={<Button onClick={() => setMaking(true)}>{texts.newKey}</Button>}
            columns={[
              { id: 'name', header: texts.keyName, cell: (one) => one.name, sortingField: 'name' },
              { id: 'scopes', header: texts.scopes, cell: (one) => one.scopes.join(', ') },
              {
                id: 'used',
                header: texts.lastUsed,
                cell: (one) => (one.last_used_at ? time(one.last_used_at) : texts.never),
              },
              { id: 'expires', header: texts.expires, cell: (one) => time(one.expires_at) },
              { id: 'status', header: common.status, cell: (one) => texts.keyStatus[one.status] },
              {
                id: 'revoke',
                header: texts.revoke,
                cell: (one) =>
                  one.status === 'active' && (
                    <Button ariaLabel={texts.revokeKey(one.name)} onClick={() => revoking.mutate(one)}>
                      {texts.revoke}
                    </Button>
                  ),
              },
            ]}
          />
          {isMaking && (
            <ApiKeyModal
              role={role}
              onClose={() => setMaking(false)}
              onMade={(key) => {
                setMaking(false);
                setShown(key);
                void query.refetch();
              }}
            />
          )}
        </SpaceBetween>
      )}
    </Fetched>
  );
};
