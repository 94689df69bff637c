import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Modal from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { meAnswer } from '../../../contracts/api-users.ts';
import { callOnce, goToSignIn, onProofNeeded } from '../api/client.ts';
import { useMessages } from '../i18n/language.ts';
import { CodeForm } from './code-form.tsx';

/** Where the API wants to know that it is still the same person: a code, or for who has no second factor a new sign-in. */
export const ProofDialog = () => {
  const { people: texts, common } = useMessages();
  const [isOpen, setOpen] = useState(false);
  const settle = useRef<(proven: boolean) => void>(undefined);
  useEffect(() => {
    onProofNeeded(
      () =>
        new Promise((resolve) => {
          settle.current?.(false);
          settle.current = resolve;
          setOpen(true);
        }),
    );
    return () => onProofNeeded(undefined);
  }, []);
  const close = (proven: boolean) => {
    setOpen(false);
    settle.current?.(proven);
    settle.current = undefined;
  };
  const me = useQuery({
    queryKey: ['proof', isOpen],
    queryFn: () => callOnce('GET', '/api/v1/users/me', meAnswer),
    enabled: isOpen,
  });
  if (!isOpen) return null;
  const hasFactor = me.data?.user.second_factor;
  return (
    <Modal
      visible
      header={texts.proveTitle}
      closeAriaLabel={common.close}
      onDismiss={() => close(false)}
      footer={
        hasFactor === false && (
          <Box float="right">
            <SpaceBetween direction="horizontal" size="xs">
              <Button variant="link" onClick={() => close(false)}>
                {common.cancel}
              </Button>
              <Button variant="primary" onClick={goToSignIn}>
                {texts.signInAgain}
              </Button>
            </SpaceBetween>
          </Box>
        )
      }
    >
      <SpaceBetween size="m">
        <Box>{hasFactor ? texts.proveByCode : texts.proveBySignIn}</Box>
        {me.isError && <Alert type="error">{common.failed}</Alert>}
        {hasFactor && <CodeForm onProven={() => close(true)} />}
      </SpaceBetween>
    </Modal>
  );
};
