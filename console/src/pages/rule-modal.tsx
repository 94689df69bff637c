import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Multiselect from '@cloudscape-design/components/multiselect';
import SegmentedControl from '@cloudscape-design/components/segmented-control';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { actionTypes, type Rule, ruleAnswer } from '../../../contracts/api-advisor.ts';
import { call } from '../api/client.ts';
import { useNotify } from '../app/notices.ts';
import { useMessages } from '../i18n/language.ts';
import { FormModal } from '../parts/form-modal.tsx';
import { conditionsOf, draftOf, isWithin, type LimitedField, limits } from './rule-form.ts';

type ModalProps = {
  readonly siteId: number;
  /** The rule to change; undefined makes a new one. */
  readonly rule: Rule | undefined;
  readonly onClose: () => void;
  readonly onSaved: () => void;
};

/** The form of an auto-approve rule. */
export const RuleModal = ({ siteId, rule, onClose, onSaved }: ModalProps) => {
  const { rules: texts, action, risk } = useMessages();
  const notify = useNotify();
  const [draft, setDraft] = useState(() => draftOf(rule));
  const [wasSent, setSent] = useState(false);
  const change = (part: Partial<typeof draft>) => setDraft({ ...draft, ...part });
  const numbers: readonly (readonly [LimitedField, string])[] = [
    ['minConfidencePct', texts.minConfidence],
    ['maxTargets', texts.maxTargets],
    ['maxPowerKw', texts.maxPower],
  ];
  const isGood = draft.name.trim() !== '' && numbers.every(([field]) => isWithin(field, draft[field]));
  const saving = useMutation({
    mutationFn: () => {
      const body = {
        name: draft.name.trim(),
        description: draft.description.trim(),
        conditions: conditionsOf(draft, rule?.conditions.allowed_time_windows),
      };
      return rule
        ? call('PUT', `/api/v1/ai/auto/rules/${rule.id}`, ruleAnswer, body)
        : call('POST', '/api/v1/ai/auto/rules', ruleAnswer, { site_id: siteId, ...body });
    },
    onSuccess: () => {
      notify('success', texts.saved);
      onSaved();
    },
  });
  const send = () => {
    setSent(true);
    if (isGood) saving.mutate();
  };
  const actionOptions = actionTypes.map((value) => ({ value, label: action[value] }));
  return (
    <FormModal title={rule ? texts.edit : texts.create} sending={saving} onSend={send} onClose={onClose}>
      <FormField label={texts.name} errorText={wasSent && !draft.name.trim() ? texts.nameMissing : ''}>
        <Input value={draft.name} onChange={({ detail }) => change({ name: detail.value })} />
      </FormField>
      <FormField label={texts.description}>
        <Input value={draft.description} onChange={({ detail }) => change({ description: detail.value })} />
      </FormField>
      <FormField label={texts.maxRisk}>
        <SegmentedControl
          label={texts.maxRisk}
          selectedId={draft.maxRisk || 'any'}
          options={[
            { id: 'low', text: risk.low },
            { id: 'medium', text: risk.medium },
            { id: 'any', text: texts.anyAction },
          ]}
          onChange={({ detail: { selectedId: id } }) =>
            change({ maxRisk: id === 'low' || id === 'medium' ? id : '' })
          }
        />
      </FormField>
      <FormField label={texts.actions} description={texts.optional}>
        <Multiselect
          options={actionOptions}
          selectedOptions={actionOptions.filter(({ value }) => draft.actions.includes(value))}
          onChange={({ detail }) =>
            change({
              actions: actionTypes.filter((one) => detail.selectedOptions.some(({ value }) => value === one)),
            })
          }
        />
      </FormField>
      {numbers.map(([field, label]) => (
        <FormField
          key={field}
          label={label}
          description={texts.optional}
          errorText={
            isWithin(field, draft[field]) ? '' : texts.wrongNumber(limits[field].least, limits[field].most)
          }
        >
          <Input
            type="number"
            value={draft[field]}
            onChange={({ detail }) => change({ [field]: detail.value })}
          />
        </FormField>
      ))}
    </FormModal>
  );
};
