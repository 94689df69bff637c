import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Modal from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useNotify } from '../app/notices.ts';
import { useMessages } from '../i18n/language.ts';
import { useProblem } from '../parts/problem.ts';

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
  const { people: texts, common } = useMessages();
  const notify = useNotify();
  const problem = useProblem();
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
    <Modal
      visible
      header={`${title}: ${name}`}
      closeAriaLabel={common.close}
      onDismiss={onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={onClose}>
              {common.cancel}
            </Button>
            <Button variant="primary" loading={acting.isPending} onClick={send}>
              {title}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        {acting.isError && <Alert type="error">{problem(acting.error)}</Alert>}
        <FormField
          label={texts.reason}
          description={texts.reasonHelp}
          errorText={wasSent && !reason.trim() ? texts.missing : ''}
        >
          <Input value={reason} onChange={({ detail }) => setReason(detail.value)} />
        </FormField>
      </SpaceBetween>
    </Modal>
  );
};
