import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import {
  type PolicyView,
  policyAnswer,
  policyList,
  type TimeWindow,
} from '../../../contracts/api-control.ts';
import { call } from '../api/client.ts';
import { useGet } from '../api/queries.ts';
import { useSite } from '../app/site-context.ts';
import { useMessages } from '../i18n/language.ts';
import { RiskBadge } from '../parts/badges.tsx';
import { Fetched } from '../parts/fetched.tsx';
import { useFormat } from '../parts/format.ts';
import { ListTable } from '../parts/list-table.tsx';
import { ReasonModal } from '../parts/reason-modal.tsx';
import { nameOf } from '../parts/who.ts';
import { PolicyModal } from './policy-modal.tsx';

type Step = { readonly view: PolicyView; readonly what: 'change' | 'reset' };

/** What the site demands for each type of order. Operators see it; administrators change it. */
export const PoliciesPanel = ({ mayChange }: { readonly mayChange: boolean }) => {
  const messages = useMessages();
  const { safety, command } = messages;
  const texts = safety.policies;
  const { site_id } = useSite();
  const { number, time } = useFormat();
  const [step, setStep] = useState<Step>();
  const path = '/api/v1/command-policies';
  const query = useGet(`${path}?site_id=${site_id}`, policyList);
  const windowText = ({ days, from, to }: TimeWindow) =>
    `${days.map((day) => texts.day[day]).join(', ')} ${from}–${to}`;
  const done = () => {
    setStep(undefined);
    void query.refetch();
  };
  const reset = ({ command_type, version }: PolicyView, reason: string) => {
    const asked = new URLSearchParams({ site_id: String(site_id), version: String(version), reason });
    return call('DELETE', `${path}/${command_type}?${asked}`, policyAnswer);
  };
  return (
    <Fetched query={query}>
      {({ policies }) => (
        <>
          <ListTable
            title={texts.title}
            description={texts.hint}
            items={policies}
            idOf={({ command_type }) => command_type}
            textOf={({ command_type }) => command[command_type]}
            actions={!mayChange && <Box color="text-body-secondary">{texts.adminOnly}</Box>}
            columns={[
              { id: 'order', header: texts.order, minWidth: 130, cell: (one) => command[one.command_type] },
              { id: 'tier', header: texts.tier, cell: ({ policy }) => <RiskBadge level={policy.tier} /> },
              {
                id: 'approvers',
                header: texts.approvers,
                cell: ({ policy: { approvers, approver_ids: named } }) =>
                  named ? `${approvers} · ${texts.named(named.length)}` : approvers,
              },
              {
                id: 'rank',
                header: texts.rank,
                cell: ({ policy }) => policy.approvers > 0 && texts.ranks[policy.approver_rank],
              },
              {
                id: 'power',
                header: texts.power,
                minWidth: 150,
                cell: ({ policy }) =>
                  policy.power_votes
                    .map(({ above_kw, votes }) => texts.powerStep(number(above_kw, 0, 'kW'), votes))
                    .join(' · '),
              },
              {
                id: 'windows',
                header: texts.windows,
                minWidth: 130,
                cell: ({ policy }) => policy.windows.map(windowText).join(' · ') || texts.anyTime,
              },
              {
                id: 'set',
                header: texts.setBy,
                minWidth: 130,
                cell: ({ set_by, set_at }) =>
                  set_by ? `${nameOf(messages, set_by)}, ${time(set_at)}` : texts.own,
              },
              ...(mayChange
                ? [
                    {
                      id: 'change',
                      header: texts.change,
                      minWidth: 220,
                      cell: (view: PolicyView) => (
                        <SpaceBetween direction="horizontal" size="xs">
                          <Button
                            ariaLabel={`${texts.change}: ${command[view.command_type]}`}
                            onClick={() => setStep({ view, what: 'change' })}
                          >
                            {texts.change}
                          </Button>
                          {view.version > 0 && (
                            <Button
                              ariaLabel={`${texts.reset}: ${command[view.command_type]}`}
                              onClick={() => setStep({ view, what: 'reset' })}
                            >
                              {texts.reset}
                            </Button>
                          )}
                        </SpaceBetween>
                      ),
                    },
                  ]
                : []),
            ]}
          />
          {step?.what === 'change' && (
            <PolicyModal view={step.view} onClose={() => setStep(undefined)} onSaved={done} />
          )}
          {step?.what === 'reset' && (
            <ReasonModal
              title={texts.reset}
              name={command[step.view.command_type]}
              act={(reason) => reset(step.view, reason)}
              onClose={() => setStep(undefined)}
              onDone={done}
            />
          )}
        </>
      )}
    </Fetched>
  );
};
