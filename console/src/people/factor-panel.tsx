import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { done, enrolment, recoveryCodes } from '../../../contracts/api-users.ts';
import { call } from '../api/client.ts';
import { useMessages } from '../i18n/language.ts';
import { useProblem } from '../parts/problem.ts';

const path = '/api/v1/users/me/second-factor';
type FactorPanelProps = { readonly isOn: boolean; readonly onChanged: () => void };

/** Sets the second factor up, shows its recovery codes once, and takes it away. */
export const FactorPanel = ({ isOn, onChanged }: FactorPanelProps) => {
  const { people: texts } = useMessages();
  const problem = useProblem();
  const [code, setCode] = useState('');
  const beginning = useMutation({ mutationFn: () => call('POST', path, enrolment) });
  const confirming = useMutation({
    mutationFn: () => call('POST', `${path}/confirm`, recoveryCodes, { code: code.trim() }),
    onSuccess: () => {
      beginning.reset();
      setCode('');
      onChanged();
    },
  });
  const removing = useMutation({ mutationFn: () => call('DELETE', path, done), onSuccess: onChanged });
  const error = beginning.error ?? confirming.error ?? removing.error;
  const key = beginning.data;
  return (
    <Container
      header={
        <Header
          actions={
            isOn ? (
              <Button loading={removing.isPending} onClick={() => removing.mutate()}>
                {texts.removeFactor}
              </Button>
            ) : (
              <Button loading={beginning.isPending} onClick={() => beginning.mutate()}>
                {texts.enrol}
              </Button>
            )
          }
        >
          {texts.factorTitle}
        </Header>
      }
    >
      <SpaceBetween size="m">
        {error && <Alert type="error">{problem(error)}</Alert>}
        <Box>{isOn ? texts.factorOn : texts.factorOff}</Box>
        {confirming.data && isOn && (
          <Alert
            type="info"
            header={texts.recoveryTitle}
            action={<Button onClick={() => confirming.reset()}>{texts.keepDone}</Button>}
          >
            <SpaceBetween size="xs">
              <Box>{texts.recoveryHelp}</Box>
              <Box variant="code" data-testid="recovery-codes">
                {confirming.data.recovery_codes.join(' ')}
              </Box>
            </SpaceBetween>
          </Alert>
        )}
        {key && !isOn && (
          <form
            onSubmit={(event) => {
              event.preventDefault();
              confirming.mutate();
            }}
          >
            <SpaceBetween size="m">
              <Box>{texts.enrolHelp}</Box>
              <FormField label={texts.enrolKey}>
                <Box variant="code" data-testid="factor-key">
                  {key.secret}
                </Box>
              </FormField>
              <Link href={key.otpauth_uri}>{texts.enrolLink}</Link>
              <FormField label={texts.firstCode}>
                <Input
                  value={code}
                  autoComplete="one-time-code"
                  inputMode="numeric"
                  onChange={({ detail }) => setCode(detail.value)}
                />
              </FormField>
              <Button variant="primary" formAction="submit" loading={confirming.isPending}>
                {texts.confirm}
              </Button>
            </SpaceBetween>
          </form>
        )}
      </SpaceBetween>
    </Container>
  );
};
