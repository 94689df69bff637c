import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Modal from '@cloudscape-design/components/modal';
import Multiselect from '@cloudscape-design/components/multiselect';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { hasAccess, modules, type Role, type Scope, scopesOf } from '../../../contracts/access.ts';
import { newApiKeyAnswer } from '../../../contracts/api-users.ts';
import { call } from '../api/client.ts';
import { useMessages } from '../i18n/language.ts';
import { useProblem } from '../parts/problem.ts';

type ApiKeyModalProps = {
  readonly role: Role;
  readonly onClose: () => void;
  /** The key itself, to be shown once. */
  readonly onMade: (key: string) => void;
};

/** The form of a new API key. It offers the scopes that the person's role has. */
export const ApiKeyModal = ({ role, onClose, onMade }: ApiKeyModalProps) => {
  const { people: texts, common } = useMessages();
  const problem = useProblem();
  const [name, setName] = useState('');
  const [days, setDays] = useState('90');
  const [chosen, setChosen] = useState<readonly Scope[]>([]);
  const [wasSent, setSent] = useState(false);
  const isDays = /^\d{1,3}$/.test(days) && Number(days) >= 1 && Number(days) <= 365;
  const isGood = name.trim() !== '' && isDays && chosen.length > 0;
  const making = useMutation({
    mutationFn: () =>
      call('POST', '/api/v1/users/me/api-keys', newApiKeyAnswer, {
        name: name.trim(),
        scopes: chosen,
        expires_in_days: Number(days),
      }),
    onSuccess: ({ api_key }) => onMade(api_key),
  });
  const send = () => {
    setSent(true);
    if (isGood) making.mutate();
  };
  const offered = scopesOf(role);
  const options = modules
    .filter((module) => hasAccess(role, module, 'read'))
    .flatMap((module) =>
      (['read', 'full'] as const)
        .map((level) => ({
          value: `${module}:${level}`,
          label: `${texts.modules[module]}: ${texts.levels[level]}`,
        }))
        .filter(({ value }) => offered.some((one) => one === value)),
    );
  return (
    <Modal
      visible
      header={texts.newKey}
      closeAriaLabel={common.close}
      onDismiss={onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={onClose}>
              {common.cancel}
            </Button>
            <Button variant="primary" loading={making.isPending} onClick={send}>
              {common.save}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        {making.isError && <Alert type="error">{problem(making.error)}</Alert>}
        <FormField label={texts.keyName} errorText={wasSent && !name.trim() ? texts.missing : ''}>
          <Input value={name} onChange={({ detail }) => setName(detail.value)} />
        </FormField>
        <FormField label={texts.scopes} errorText={wasSent && chosen.length === 0 ? texts.missing : ''}>
          <Multiselect
            options={options}
            selectedOptions={options.filter(({ value }) => chosen.some((one) => one === value))}
            onChange={({ detail }) =>
              setChosen(offered.filter((one) => detail.selectedOptions.some(({ value }) => value === one)))
            }
          />
        </FormField>
        <FormField label={texts.days} errorText={isDays ? '' : texts.wrongDays}>
          <Input type="number" value={days} onChange={({ detail }) => setDays(detail.value)} />
        </FormField>
      </SpaceBetween>
    </Modal>
  );
};
