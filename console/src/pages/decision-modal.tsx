import FormField from '@cloudscape-design/components/form-field';
import Textarea from '@cloudscape-design/components/textarea';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { recommendationAnswer } from '../../../contracts/api-advisor.ts';
import { call } from '../api/client.ts';
import { useNotify } from '../app/notices.ts';
import { useMessages } from '../i18n/language.ts';
import { FormModal } from '../parts/form-modal.tsx';

export type Decision = 'approve' | 'reject';
type ModalProps = {
  readonly decision: Decision;
  readonly recommendationId: string;
  readonly onClose: () => void;
  readonly onDone: () => void;
};

/** Asks for the reason and sends the decision. A rejection needs one. */
export const DecisionModal = ({ decision, recommendationId, onClose, onDone }: ModalProps) => {
  const { recommendations: texts } = useMessages();
  const notify = useNotify();
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
    <FormModal
      title={isReject ? texts.rejectTitle : texts.approveTitle}
      sendText={isReject ? texts.reject : texts.approve}
      sendTestId="send-decision"
      sending={sending}
      onSend={send}
      onClose={onClose}
    >
      <FormField
        label={isReject ? texts.reasonRequired : texts.reasonOptional}
        description={texts.reasonHelp}
        errorText={isMissing && !reason.trim() ? texts.reasonMissing : ''}
      >
        <Textarea value={reason} onChange={({ detail }) => setReason(detail.value)} />
      </FormField>
    </FormModal>
  );
};
