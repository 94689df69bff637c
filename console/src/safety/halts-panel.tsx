import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useState } from 'react';
import { type HaltView, haltAnswer } from '../../../contracts/api-control.ts';
import { call } from '../api/client.ts';
import { useSite } from '../app/site-context.ts';
import { useMessages } from '../i18n/language.ts';
import { Fetched } from '../parts/fetched.tsx';
import { useFormat } from '../parts/format.ts';
import { ListTable } from '../parts/list-table.tsx';
import { ReasonModal } from '../parts/reason-modal.tsx';
import { VoteList } from '../parts/vote-list.tsx';
import { nameOf } from '../parts/who.ts';
import { useHalts } from './use-halts.ts';

type Step = { readonly halt: HaltView; readonly what: 'stop' | 'lifting' };

/** The kill switches over the site, who set them, and who wants them lifted. */
export const HaltsPanel = ({ mayStopAll }: { readonly mayStopAll: boolean }) => {
  const messages = useMessages();
  const { safety, common } = messages;
  const texts = safety.halts;
  const { site_id } = useSite();
  const { time } = useFormat();
  const [step, setStep] = useState<Step>();
  const query = useHalts(site_id);
  const placeOf = ({ scope, gateway_id }: HaltView) =>
    [texts.scopes[scope], gateway_id].filter(Boolean).join(' ');
  const stateOf = ({ halted, readable }: HaltView) =>
    readable ? texts[halted ? 'set' : 'free'] : texts.unreadable;
  const act = ({ halt, what }: Step, reason: string) =>
    call('POST', what === 'stop' ? '/api/v1/halts' : '/api/v1/halts/lift', haltAnswer, {
      scope: halt.scope,
      ...(halt.scope !== 'tenant' && { site_id }),
      ...(halt.gateway_id !== undefined && { gateway_id: halt.gateway_id }),
      reason,
    });
  return (
    <Fetched query={query}>
      {({ halts }) => (
        <>
          <ListTable
            title={texts.title}
            description={texts.hint}
            items={halts}
            idOf={({ scope, gateway_id }) => gateway_id ?? scope}
            textOf={(one) => `${placeOf(one)} ${stateOf(one)}`}
            columns={[
              { id: 'over', header: texts.over, cell: placeOf },
              {
                id: 'state',
                header: common.status,
                minWidth: 170,
                cell: (one) => (
                  <StatusIndicator type={one.halted ? 'error' : 'success'} wrapText={false}>
                    {stateOf(one)}
                  </StatusIndicator>
                ),
              },
              { id: 'reason', header: texts.reason, minWidth: 130, cell: (one) => one.halted && one.reason },
              {
                id: 'by',
                header: texts.by,
                minWidth: 110,
                cell: (one) => one.halted && one.by && `${nameOf(messages, one.by)}, ${time(one.at)}`,
              },
              { id: 'lift', header: texts.lift, cell: (one) => <VoteList votes={one.lift} /> },
              {
                id: 'act',
                header: texts.act,
                minWidth: 200,
                cell: (halt) =>
                  (halt.scope !== 'tenant' || mayStopAll) && (
                    <SpaceBetween direction="horizontal" size="xs">
                      <Button
                        disabled={halt.halted && halt.readable && halt.lift.length === 0}
                        ariaLabel={`${texts.stop}: ${placeOf(halt)}`}
                        onClick={() => setStep({ halt, what: 'stop' })}
                      >
                        {texts.stop}
                      </Button>
                      {halt.halted && (
                        <Button
                          ariaLabel={`${texts.lifting}: ${placeOf(halt)}`}
                          onClick={() => setStep({ halt, what: 'lifting' })}
                        >
                          {texts.lifting}
                        </Button>
                      )}
                    </SpaceBetween>
                  ),
              },
            ]}
          />
          {step && (
            <ReasonModal
              title={texts[step.what]}
              name={placeOf(step.halt)}
              act={(reason) => act(step, reason)}
              onClose={() => setStep(undefined)}
              onDone={() => {
                setStep(undefined);
                void query.refetch();
              }}
            />
          )}
        </>
      )}
    </Fetched>
  );
};
