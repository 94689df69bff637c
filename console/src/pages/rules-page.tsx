import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import type { Rule } from '../../../contracts/api-advisor.ts';
import { useRules, useSession } from '../api/queries.ts';
import { useSite } from '../app/site-context.ts';
import { useMessages } from '../i18n/language.ts';
import { Fetched } from '../parts/fetched.tsx';
import { ListTable } from '../parts/list-table.tsx';
import { usePageTitle } from '../parts/page-title.ts';
import { describeConditions } from './rule-form.ts';
import { RuleModal } from './rule-modal.tsx';
import { RuleSwitch } from './rule-switch.tsx';

/** What may run without a person. Everyone sees the rules; admins change them. */
export const RulesPage = () => {
  const messages = useMessages();
  const { rules: texts, common } = messages;
  const { site_id: siteId } = useSite();
  const isAdmin = useSession().data?.user.rank === 'admin';
  const [edited, setEdited] = useState<Rule | 'new'>();
  const query = useRules(siteId);
  usePageTitle(texts.title);
  const refresh = () => void query.refetch();
  return (
    <Fetched query={query}>
      {({ rules }) => (
        <>
          <ListTable
            title={texts.title}
            description={texts.hint}
            isPage
            items={rules}
            idOf={(one) => String(one.id)}
            textOf={(one) => `${one.name} ${one.description}`}
            actions={
              isAdmin ? (
                <Button variant="primary" onClick={() => setEdited('new')}>
                  {texts.create}
                </Button>
              ) : (
                <Box color="text-body-secondary">{texts.adminOnly}</Box>
              )
            }
            columns={[
              { id: 'id', header: '#', cell: (one) => one.id, sortingField: 'id' },
              {
                id: 'name',
                header: texts.name,
                sortingField: 'name',
                cell: (one) => (
                  <>
                    <b>{one.name}</b>
                    <div>{one.description}</div>
                  </>
                ),
              },
              {
                id: 'conditions',
                header: texts.conditions,
                cell: (one) => describeConditions(messages, one.conditions).join(' · '),
              },
              {
                id: 'status',
                minWidth: 90,
                header: common.status,
                cell: (one) => (one.is_active ? texts.active : texts.inactive),
              },
              ...(isAdmin
                ? [
                    {
                      id: 'change',
                      header: texts.edit,
                      minWidth: 240,
                      cell: (one: Rule) => (
                        <SpaceBetween direction="horizontal" size="xs">
                          <Button ariaLabel={`${texts.edit}: ${one.name}`} onClick={() => setEdited(one)}>
                            {texts.edit}
                          </Button>
                          <RuleSwitch rule={one} onChanged={refresh} />
                        </SpaceBetween>
                      ),
                    },
                  ]
                : []),
            ]}
          />
          {edited && (
            <RuleModal
              siteId={siteId}
              rule={edited === 'new' ? undefined : edited}
              onClose={() => setEdited(undefined)}
              onSaved={() => {
                setEdited(undefined);
                refresh();
              }}
            />
          )}
        </>
      )}
    </Fetched>
  );
};
