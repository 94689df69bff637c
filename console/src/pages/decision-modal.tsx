import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Modal from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Textarea from '@cloudscape-design/components/textarea';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { recommendationAnswer } from '../../../contracts/api-advisor.ts';
import { call } from '../api/client.ts';
import { useNotify } from '../app/notices.ts';
import { useMessages } from '../i18n/language.ts';
import { useProblem } from '../parts/problem.ts';

export type Decision = 'approve' | 'reject';
type ModalProps = {
  readonly decision: Decision;
  readonly recommendationId: string;
  readonly onClose: () => void;
  readonly onDone: () => void;
};

/** Asks for the reason and sends the decision. A rejection needs one. */
export const DecisionModal = ({ decision, recommendationId, onClose, onDone }: ModalProps) => {
  const { recommendations: texts, common } = useMessages();
  const notify = useNotify();
  const problem = useProblem();
  const [reason, setReason] = useState('');
  const [isMissing, setMissing] = useState(false);
  const isReject = decision === 'reject';
  const sending = useMutation({
    mutationFn: () =>
      call(
        'POST',
        `/api/v1/ai/recommendations/${encodeURIComponent(recommendationId)}/${decision}`,
        recommendationAnswer,
        {
          ...(reason.trim() && { reason: reason.trim() }),
        },
      ),
    onSuccess: ({ recommendation }) => {
      notify(
        'success',
        isReject ? texts.rejected : recommendation.status === 'pending' ? texts.voted : texts.approved,
      );
      onDone();
    },
  });
  const send = () => (isReject && !reason.trim() ? setMissing(true) : sending.mutate());
  return (
    <Modal
      visible
      header={isReject ? texts.rejectTitle : texts.approveTitle}
      closeAriaLabel={common.close}
      onDismiss={onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={onClose}>
              {common.cancel}
            </Button>
            <Button variant="primary" loading={sending.isPending} onClick={send} data-testid="send-decision">
              {isReject ? texts.reject : texts.approve}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        {sending.isError && <Alert type="error">{problem(sending.error)}</Alert>}
        <FormField
          label={isReject ? texts.reasonRequired : texts.reasonOptional}
          description={texts.reasonHelp}
          errorText={isMissing && !reason.trim() ? texts.reasonMissing : ''}
        >
          <Textarea value={reason} onChange={({ detail }) => setReason(detail.value)} />
        </FormField>
      </SpaceBetween>
    </Modal>
  );
};
