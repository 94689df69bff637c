import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { type BatchStatus, type BatchView, batchAnswer } from '../../../contracts/api-control.ts';
import { call } from '../api/client.ts';
import { useSession } from '../api/queries.ts';
import { useNotify } from '../app/notices.ts';
import { useMessages } from '../i18n/language.ts';
import { useProblem } from '../parts/problem.ts';
import { ReasonModal } from '../parts/reason-modal.tsx';

const steps = ['deny', 'pause', 'resume', 'cancel'] as const;
type Step = (typeof steps)[number];
/** When each makes sense; the server decides in the end. */
const when: Readonly<Record<Step, readonly BatchStatus[]>> = {
  deny: ['PENDING_APPROVAL'],
  pause: ['RUNNING'],
  resume: ['PAUSED'],
  cancel: ['PENDING_APPROVAL', 'RUNNING', 'PAUSED'],
};

type ButtonsProps = { readonly batch: BatchView; readonly onChanged: () => void };

/** What a person may do with a batch as it stands. */
export const BatchButtons = ({ batch, onChanged }: ButtonsProps) => {
  const { batches: texts, command } = useMessages();
  const notify = useNotify();
  const problem = useProblem();
  const user = useSession().data?.user;
  const [asked, setAsked] = useState<Step>();
  const path = `/api/v1/command-batches/${batch.batch_id}`;
  const approving = useMutation({
    mutationFn: () =>
      call('POST', `${path}/approve`, batchAnswer, {
        site_id: batch.site_id,
        selection_hash: batch.selection_hash,
      }),
    onSuccess: () => {
      notify('success', texts.approved);
      onChanged();
    },
    onError: (error) => notify('error', problem(error)),
  });
  const hasVoted = batch.approval.votes.some(({ user_id }) => user_id === user?.id);
  return (
    <SpaceBetween direction="horizontal" size="xs" alignItems="center">
      {hasVoted && <Box color="text-status-success">{texts.voted}</Box>}
      {steps
        .filter((step) => when[step].includes(batch.status))
        .map((step) => (
          <Button key={step} onClick={() => setAsked(step)}>
            {texts[step]}
          </Button>
        ))}
      {batch.status === 'PENDING_APPROVAL' && !hasVoted && (
        <Button variant="primary" loading={approving.isPending} onClick={() => approving.mutate()}>
          {texts.approve}
        </Button>
      )}
      {asked && (
        <ReasonModal
          title={texts[asked]}
          name={command[batch.command_type]}
          act={(reason) => call('POST', `${path}/${asked}`, batchAnswer, { site_id: batch.site_id, reason })}
          onClose={() => setAsked(undefined)}
          onDone={() => {
            setAsked(undefined);
            onChanged();
          }}
        />
      )}
    </SpaceBetween>
  );
};
