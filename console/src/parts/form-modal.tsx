import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Modal from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import type { ReactNode } from 'react';
import { useMessages } from '../i18n/language.ts';
import { useProblem } from './problem.ts';

type FormModalProps = {
  readonly title: string;
  /** On the button that sends it; "Save" where it is left out. */
  readonly sendText?: string;
  /** By which a test finds that button. */
  readonly sendTestId?: string;
  readonly sending: { readonly isPending: boolean; readonly isError: boolean; readonly error: unknown };
  readonly onSend: () => void;
  readonly onClose: () => void;
  /** Its fields. */
  readonly children: ReactNode;
};

/** A form in a dialog, with what went wrong above its fields. */
export const FormModal = ({
  title,
  sendText,
  sendTestId,
  sending,
  onSend,
  onClose,
  children,
}: FormModalProps) => {
  const { common } = useMessages();
  const problem = useProblem();
  return (
    <Modal
      visible
      header={title}
      closeAriaLabel={common.close}
      onDismiss={onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={onClose}>
              {common.cancel}
            </Button>
            <Button variant="primary" loading={sending.isPending} onClick={onSend} data-testid={sendTestId}>
              {sendText ?? common.save}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        {sending.isError && <Alert type="error">{problem(sending.error)}</Alert>}
        {children}
      </SpaceBetween>
    </Modal>
  );
};
