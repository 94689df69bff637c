import Button from '@cloudscape-design/components/button';
import ButtonDropdown from '@cloudscape-design/components/button-dropdown';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useState } from 'react';
import { type UserView, userAnswer, userList } from '../../../contracts/api-users.ts';
import { call } from '../api/client.ts';
import { useGet, useSession } from '../api/queries.ts';
import { useMessages } from '../i18n/language.ts';
import { Fetched } from '../parts/fetched.tsx';
import { useFormat } from '../parts/format.ts';
import { ListTable } from '../parts/list-table.tsx';
import { usePageTitle } from '../parts/page-title.ts';
import { ReasonModal } from '../parts/reason-modal.tsx';
import { UserModal } from './user-modal.tsx';

const indicators = {
  invited: 'pending',
  active: 'success',
  disabled: 'stopped',
  removed: 'stopped',
} as const;
/** What is done to a user with a reason: method and the path below the user's. */
const acts = {
  disable: ['POST', '/disable'],
  enable: ['POST', '/enable'],
  signOutUser: ['POST', '/sign-out'],
  resetFactor: ['DELETE', '/second-factor'],
  remove: ['DELETE', ''],
} as const;
type Act = keyof typeof acts;

const actsFor = ({ status, second_factor }: UserView): Act[] => [
  ...(status === 'active' ? (['signOutUser'] as const) : []),
  ...(second_factor ? (['resetFactor'] as const) : []),
  ...(status === 'disabled' ? (['enable'] as const) : (['disable'] as const)),
  'remove',
];

/** The people of the tenant. */
export const UsersPage = () => {
  const { people: texts, common } = useMessages();
  const { time } = useFormat();
  const me = useSession().data?.user.id;
  const query = useGet('/api/v1/users?limit=200', userList);
  const [edited, setEdited] = useState<UserView | 'new'>();
  const [acted, setActed] = useState<{ readonly user: UserView; readonly act: Act }>();
  usePageTitle(texts.usersTitle);
  const rightsOf = ({ role, duty }: UserView) =>
    duty ? `${texts.roles[role]} · ${texts.duties[duty]}` : texts.roles[role];
  const refresh = () => {
    setEdited(undefined);
    setActed(undefined);
    void query.refetch();
  };
  return (
    <Fetched query={query}>
      {({ users }) => (
        <>
          <ListTable
            title={texts.usersTitle}
            description={texts.usersHint}
            filterHint={texts.findUsers}
            isPage
            items={users.filter(({ status }) => status !== 'removed')}
            idOf={(one) => String(one.user_id)}
            textOf={(one) => `${one.name} ${one.email ?? ''} ${rightsOf(one)}`}
            actions={
              <Button variant="primary" onClick={() => setEdited('new')}>
                {texts.invite}
              </Button>
            }
            columns={[
              { id: 'id', header: '#', cell: (one) => one.user_id, sortingField: 'user_id' },
              {
                id: 'name',
                header: texts.name,
                sortingField: 'name',
                cell: (one) => (
                  <>
                    <b>{one.name}</b>
                    <div>{one.email}</div>
                  </>
                ),
              },
              { id: 'role', header: texts.role, cell: rightsOf },
              {
                id: 'sites',
                header: texts.sites,
                cell: ({ site_ids }) => (site_ids === 'all' ? texts.allSites : site_ids.join(', ')),
              },
              {
                id: 'status',
                header: common.status,
                cell: ({ status }) => (
                  <StatusIndicator type={indicators[status]}>{texts.status[status]}</StatusIndicator>
                ),
              },
              {
                id: 'factor',
                header: texts.secondFactor,
                cell: ({ second_factor }) => (second_factor ? texts.yes : texts.no),
              },
              {
                id: 'last',
                header: texts.lastSignIn,
                cell: ({ last_signed_in_at: at }) => (at ? time(at) : texts.never),
              },
              {
                id: 'change',
                header: texts.change,
                minWidth: 220,
                cell: (one) =>
                  one.user_id !== me && (
                    <SpaceBetween direction="horizontal" size="xs">
                      <Button ariaLabel={texts.changeFor(one.name)} onClick={() => setEdited(one)}>
                        {texts.change}
                      </Button>
                      <ButtonDropdown
                        ariaLabel={texts.moreFor(one.name)}
                        expandToViewport
                        items={[
                          ...(one.status === 'invited' ? [{ id: 'resend', text: texts.resend }] : []),
                          ...actsFor(one).map((act) => ({ id: act, text: texts[act] })),
                        ]}
                        onItemClick={({ detail }) => {
                          const act = actsFor(one).find((id) => id === detail.id);
                          if (act) setActed({ user: one, act });
                          else
                            void call('POST', `/api/v1/users/${one.user_id}/invitation`, userAnswer).then(
                              refresh,
                            );
                        }}
                      >
                        {texts.more}
                      </ButtonDropdown>
                    </SpaceBetween>
                  ),
              },
            ]}
          />
          {edited && (
            <UserModal
              user={edited === 'new' ? undefined : edited}
              onClose={() => setEdited(undefined)}
              onSaved={refresh}
            />
          )}
          {acted && (
            <ReasonModal
              title={texts[acted.act]}
              name={acted.user.name}
              act={(reason) => {
                const [method, below] = acts[acted.act];
                return call(method, `/api/v1/users/${acted.user.user_id}${below}`, userAnswer, { reason });
              }}
              onClose={() => setActed(undefined)}
              onDone={refresh}
            />
          )}
        </>
      )}
    </Fetched>
  );
};
