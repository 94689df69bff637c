import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import SegmentedControl from '@cloudscape-design/components/segmented-control';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { type PolicyView, policyAnswer } from '../../../contracts/api-control.ts';
import { riskTiers } from '../../../contracts/command.ts';
import { call } from '../api/client.ts';
import { useNotify } from '../app/notices.ts';
import { useMessages } from '../i18n/language.ts';
import { FormModal } from '../parts/form-modal.tsx';
import { bodyOf, draftOf, isWithin, limitedFields, type PolicyDraft, policyLimits } from './policy-form.ts';
import { StepRows, WindowRows } from './policy-rows.tsx';

type PolicyModalProps = {
  readonly view: PolicyView;
  readonly onClose: () => void;
  readonly onSaved: () => void;
};
const ranks = ['operator', 'manager', 'admin'] as const;

/** The form of a policy. What asks for less than the product does, the API refuses with its reason. */
export const PolicyModal = ({ view, onClose, onSaved }: PolicyModalProps) => {
  const { safety, command, risk } = useMessages();
  const texts = safety.policies;
  const notify = useNotify();
  const [draft, setDraft] = useState(() => draftOf(view));
  const [wasSent, setSent] = useState(false);
  const change = (part: Partial<PolicyDraft>) => setDraft({ ...draft, ...part });
  const body = bodyOf(draft, view);
  const saving = useMutation({
    mutationFn: () => call('PUT', `/api/v1/command-policies/${view.command_type}`, policyAnswer, body),
    onSuccess: () => {
      notify('success', texts.saved);
      onSaved();
    },
  });
  const send = () => {
    setSent(true);
    if (body) saving.mutate();
  };
  return (
    <FormModal
      title={`${texts.change}: ${command[view.command_type]}`}
      sending={saving}
      onSend={send}
      onClose={onClose}
    >
      <FormField label={texts.tier}>
        <SegmentedControl
          label={texts.tier}
          selectedId={draft.tier}
          options={riskTiers.map((id) => ({ id, text: risk[id] }))}
          onChange={({ detail }) =>
            change({ tier: riskTiers.find((tier) => tier === detail.selectedId) ?? draft.tier })
          }
        />
      </FormField>
      <FormField label={texts.rank}>
        <SegmentedControl
          label={texts.rank}
          selectedId={draft.rank}
          options={ranks.map((id) => ({ id, text: texts.ranks[id] }))}
          onChange={({ detail }) =>
            change({ rank: ranks.find((rank) => rank === detail.selectedId) ?? draft.rank })
          }
        />
      </FormField>
      {limitedFields.map((field) => (
        <FormField
          key={field}
          label={texts[field]}
          errorText={
            isWithin(field, draft[field])
              ? ''
              : texts.within(policyLimits[field].least, policyLimits[field].most)
          }
        >
          <Input
            type="number"
            value={draft[field]}
            onChange={({ detail }) => change({ [field]: detail.value })}
          />
        </FormField>
      ))}
      <StepRows steps={draft.steps} onChange={(steps) => change({ steps })} />
      <WindowRows windows={draft.windows} onChange={(windows) => change({ windows })} />
      <FormField label={texts.reason} errorText={wasSent && !body ? texts.incomplete : ''}>
        <Input value={draft.reason} onChange={({ detail }) => change({ reason: detail.value })} />
      </FormField>
    </FormModal>
  );
};
