import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useNotify } from '../app/notices.ts';
import { useMessages } from '../i18n/language.ts';
import { FormModal } from './form-modal.tsx';

type ReasonModalProps = {
  /** What is to be done, and to whom. */
  readonly title: string;
  readonly name: string;
  readonly act: (reason: string) => Promise<unknown>;
  readonly onClose: () => void;
  readonly onDone: () => void;
};

/** Asks why, then does it. */
export const ReasonModal = ({ title, name, act, onClose, onDone }: ReasonModalProps) => {
  const { people: texts } = useMessages();
  const notify = useNotify();
  const [reason, setReason] = useState('');
  const [wasSent, setSent] = useState(false);
  const acting = useMutation({
    mutationFn: () => act(reason.trim()),
    onSuccess: () => {
      notify('success', texts.saved);
      onDone();
    },
  });
  const send = () => {
    setSent(true);
    if (reason.trim()) acting.mutate();
  };
  return (
    <FormModal title={`${title}: ${name}`} sendText={title} sending={acting} onSend={send} onClose={onClose}>
      <FormField
        label={texts.reason}
        description={texts.reasonHelp}
        errorText={wasSent && !reason.trim() ? texts.missing : ''}
      >
        <Input value={reason} onChange={({ detail }) => setReason(detail.value)} />
      </FormField>
    </FormModal>
  );
};
