import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Multiselect from '@cloudscape-design/components/multiselect';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { hasAccess, modules, type Role, type Scope, scopesOf } from '../../../contracts/access.ts';
import { newApiKeyAnswer } from '../../../contracts/api-users.ts';
import { call } from '../api/client.ts';
import { useMessages } from '../i18n/language.ts';
import { FormModal } from '../parts/form-modal.tsx';

type ApiKeyModalProps = {
  readonly role: Role;
  readonly onClose: () => void;
  /** The key itself, to be shown once. */
  readonly onMade: (key: string) => void;
};

/** The form of a new API key. It offers the scopes that the person's role has. */
export const ApiKeyModal = ({ role, onClose, onMade }: ApiKeyModalProps) => {
  const { people: texts } = useMessages();
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
    <FormModal title={texts.newKey} sending={making} onSend={send} onClose={onClose}>
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
    </FormModal>
  );
};
