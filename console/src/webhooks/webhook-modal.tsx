import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Multiselect from '@cloudscape-design/components/multiselect';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { webhookWithSecret } from '../../../contracts/api-webhooks.ts';
import { eventFilters } from '../../../contracts/event-filter.ts';
import { call } from '../api/client.ts';
import { useMessages } from '../i18n/language.ts';
import { FormModal } from '../parts/form-modal.tsx';

type WebhookModalProps = {
  readonly siteId: number;
  readonly onClose: () => void;
  /** The secret, to be shown once. */
  readonly onMade: (secret: string) => void;
};

const options = eventFilters.map((value) => ({ value, label: value }));

/** The form of a new webhook. */
export const WebhookModal = ({ siteId, onClose, onMade }: WebhookModalProps) => {
  const { webhooks: texts, people } = useMessages();
  const [url, setUrl] = useState('https://');
  const [description, setDescription] = useState('');
  const [chosen, setChosen] = useState<readonly string[]>(['*']);
  const [wasSent, setSent] = useState(false);
  const isUrl = URL.canParse(url.trim());
  const making = useMutation({
    mutationFn: () =>
      call('POST', '/api/v1/webhooks', webhookWithSecret, {
        site_id: siteId,
        url: url.trim(),
        event_types: chosen,
        description: description.trim(),
      }),
    onSuccess: ({ secret }) => onMade(secret),
  });
  const send = () => {
    setSent(true);
    if (isUrl && chosen.length > 0) making.mutate();
  };
  return (
    <FormModal title={texts.add} sending={making} onSend={send} onClose={onClose}>
      <FormField
        label={texts.url}
        description={texts.urlHelp}
        errorText={wasSent && !isUrl ? people.missing : ''}
      >
        <Input type="url" value={url} onChange={({ detail }) => setUrl(detail.value)} />
      </FormField>
      <FormField
        label={texts.types}
        description={texts.typesHelp}
        errorText={wasSent && chosen.length === 0 ? people.missing : ''}
      >
        <Multiselect
          options={options}
          filteringType="auto"
          selectedOptions={options.filter(({ value }) => chosen.includes(value))}
          onChange={({ detail }) =>
            setChosen(detail.selectedOptions.flatMap(({ value }) => (value === undefined ? [] : [value])))
          }
        />
      </FormField>
      <FormField label={texts.description}>
        <Input value={description} onChange={({ detail }) => setDescription(detail.value)} />
      </FormField>
    </FormModal>
  );
};
