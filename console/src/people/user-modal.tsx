import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import SegmentedControl from '@cloudscape-design/components/segmented-control';
import Select from '@cloudscape-design/components/select';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { type UserView, userAnswer } from '../../../contracts/api-users.ts';
import { call } from '../api/client.ts';
import { useNotify } from '../app/notices.ts';
import { useMessages } from '../i18n/language.ts';
import { FormModal } from '../parts/form-modal.tsx';
import { bodyOf, draftOf, givenRoles, isEmail, isHosted, sitesOf, type UserDraft } from './user-form.ts';

type UserModalProps = {
  /** The user to change; undefined invites a new one. */
  readonly user: UserView | undefined;
  readonly onClose: () => void;
  readonly onSaved: () => void;
};

/** The form of an invitation, or of a user's name and rights. */
export const UserModal = ({ user, onClose, onSaved }: UserModalProps) => {
  const { people: texts, common } = useMessages();
  const notify = useNotify();
  const [draft, setDraft] = useState(() => draftOf(user));
  const [wasSent, setSent] = useState(false);
  const change = (part: Partial<UserDraft>) => setDraft({ ...draft, ...part });
  const body = bodyOf(draft);
  const isGood = body !== undefined && (user !== undefined || isEmail(draft.email));
  const saving = useMutation({
    mutationFn: () =>
      user
        ? call('PATCH', `/api/v1/users/${user.user_id}`, userAnswer, body)
        : call('POST', '/api/v1/users', userAnswer, { ...body, email: draft.email.trim() }),
    onSuccess: () => {
      notify('success', user ? texts.saved : texts.invited(draft.email.trim()));
      onSaved();
    },
  });
  const send = () => {
    setSent(true);
    if (isGood) saving.mutate();
  };
  const needed = (text: string) => (wasSent && !text.trim() ? texts.missing : '');
  const roleOptions = givenRoles.map((value) => ({ value, label: texts.roles[value] }));
  return (
    <FormModal
      title={user ? texts.changeTitle : texts.inviteTitle}
      sendText={user ? common.save : texts.invite}
      sending={saving}
      onSend={send}
      onClose={onClose}
    >
      {!user && (
        <FormField label={texts.email} errorText={wasSent && !isEmail(draft.email) ? texts.wrongEmail : ''}>
          <Input
            type="email"
            value={draft.email}
            onChange={({ detail }) => change({ email: detail.value })}
          />
        </FormField>
      )}
      <FormField label={texts.name} errorText={needed(draft.name)}>
        <Input value={draft.name} onChange={({ detail }) => change({ name: detail.value })} />
      </FormField>
      <FormField label={texts.role}>
        <Select
          options={roleOptions}
          selectedOption={roleOptions.find(({ value }) => value === draft.role) ?? null}
          onChange={({ detail }) => {
            const role = givenRoles.find((one) => one === detail.selectedOption.value);
            if (role) change({ role });
          }}
        />
      </FormField>
      {draft.role === 'mining_site_owner' && (
        <FormField label={texts.duty}>
          <SegmentedControl
            label={texts.duty}
            selectedId={draft.duty}
            options={[
              { id: 'operator', text: texts.duties.operator },
              { id: 'manager', text: texts.duties.manager },
            ]}
            onChange={({ detail: { selectedId } }) =>
              change({ duty: selectedId === 'manager' ? 'manager' : 'operator' })
            }
          />
        </FormField>
      )}
      <FormField
        label={texts.sites}
        description={texts.sitesHelp}
        errorText={sitesOf(draft.sites) ? '' : texts.wrongSites}
      >
        <Input value={draft.sites} onChange={({ detail }) => change({ sites: detail.value })} />
      </FormField>
      {isHosted(draft.role) && (
        <FormField label={texts.customers} description={texts.customersHelp}>
          <Input value={draft.customers} onChange={({ detail }) => change({ customers: detail.value })} />
        </FormField>
      )}
      <FormField label={texts.reason} description={texts.reasonHelp} errorText={needed(draft.reason)}>
        <Input value={draft.reason} onChange={({ detail }) => change({ reason: detail.value })} />
      </FormField>
    </FormModal>
  );
};
