import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Multiselect from '@cloudscape-design/components/multiselect';
import SegmentedControl from '@cloudscape-design/components/segmented-control';
import Select from '@cloudscape-design/components/select';
import { useMutation } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { type BatchPlan, type BatchView, batchAnswer, batchPlan } from '../../../contracts/api-control.ts';
import { powerModes } from '../../../contracts/reading.ts';
import { call } from '../api/client.ts';
import { useLive } from '../api/queries.ts';
import { useNotify } from '../app/notices.ts';
import { useMessages } from '../i18n/language.ts';
import { toMiners } from '../pages/live-fleet.ts';
import { FormModal } from '../parts/form-modal.tsx';
import {
  type BatchDraft,
  batchOrders,
  bodyOf,
  emptyDraft,
  figureLimits,
  hasFigure,
  isFigure,
  isReason,
  type Scope,
  scopes,
} from './batch-form.ts';
import { PlanView } from './plan-view.tsx';

type BatchModalProps = {
  readonly siteId: number;
  readonly onClose: () => void;
  readonly onMade: (batch: BatchView) => void;
};

/** The form of a new batch: it is tried dry first, so that whoever proposes it has seen what it would do. */
export const BatchModal = ({ siteId, onClose, onMade }: BatchModalProps) => {
  const { batches: texts, command } = useMessages();
  const notify = useNotify();
  const [draft, setDraft] = useState(emptyDraft);
  const [plan, setPlan] = useState<BatchPlan>();
  const [wasSent, setSent] = useState(false);
  const change = (part: Partial<BatchDraft>) => {
    setPlan(undefined);
    setDraft({ ...draft, ...part });
  };
  const body = bodyOf(draft, siteId);
  const trying = useMutation({
    mutationFn: () => call('POST', '/api/v1/command-batches/dry-run', batchPlan, body),
    onSuccess: setPlan,
  });
  const proposing = useMutation({
    mutationFn: () => call('POST', '/api/v1/command-batches', batchAnswer, body),
    onSuccess: ({ batch }) => {
      notify('success', texts.proposed);
      onMade(batch);
    },
  });
  const send = () => {
    setSent(true);
    if (body) (plan ? proposing : trying).mutate();
  };
  const orders = batchOrders.map((value) => ({ value, label: command[value] }));
  return (
    <FormModal
      title={texts.create}
      sendText={plan ? texts.propose : texts.check}
      sending={plan ? proposing : trying}
      onSend={send}
      onClose={onClose}
    >
      <FormField label={texts.order}>
        <Select
          options={orders}
          selectedOption={orders.find(({ value }) => value === draft.type) ?? null}
          onChange={({ detail }) => {
            const type = batchOrders.find((one) => one === detail.selectedOption.value);
            if (type) change({ type });
          }}
        />
      </FormField>
      <OrderFields draft={draft} onChange={change} wasSent={wasSent} />
      <MinersField siteId={siteId} draft={draft} onChange={change} wasSent={wasSent} />
      <FormField label={texts.reason} errorText={wasSent && !isReason(draft.reason) ? texts.missing : ''}>
        <Input value={draft.reason} onChange={({ detail }) => change({ reason: detail.value })} />
      </FormField>
      {plan && <PlanView plan={plan} />}
    </FormModal>
  );
};

type FieldsProps = {
  readonly draft: BatchDraft;
  readonly onChange: (part: Partial<BatchDraft>) => void;
  readonly wasSent: boolean;
};

/** What the order carries. */
const OrderFields = ({ draft, onChange, wasSent }: FieldsProps) => {
  const { batches: texts } = useMessages();
  const { type, mode, figure, isOn } = draft;
  if (type === 'POWER_MODE')
    return (
      <FormField label={texts.mode}>
        <SegmentedControl
          label={texts.mode}
          selectedId={mode}
          options={powerModes.map((id) => ({ id, text: texts.modes[id] }))}
          onChange={({ detail }) =>
            onChange({ mode: powerModes.find((one) => one === detail.selectedId) ?? mode })
          }
        />
      </FormField>
    );
  if (type === 'LED')
    return (
      <FormField label={texts.light}>
        <SegmentedControl
          label={texts.light}
          selectedId={isOn ? 'on' : 'off'}
          options={(['on', 'off'] as const).map((id) => ({ id, text: texts[id] }))}
          onChange={({ detail }) => onChange({ isOn: detail.selectedId === 'on' })}
        />
      </FormField>
    );
  if (!hasFigure(type)) return null;
  const labels = {
    POWER_LIMIT: texts.limitW,
    SET_FAN: texts.dutyPct,
    FREQUENCY_SET: texts.frequencyMhz,
  };
  const { least, most } = figureLimits[type];
  return (
    <FormField
      label={labels[type]}
      errorText={wasSent && !isFigure(type, figure) ? texts.between(least, most) : ''}
    >
      <Input type="number" value={figure} onChange={({ detail }) => onChange({ figure: detail.value })} />
    </FormField>
  );
};

/** Which miners: all of the site, or some by zone, model or id. */
const MinersField = ({ siteId, draft, onChange, wasSent }: FieldsProps & { readonly siteId: number }) => {
  const { batches: texts } = useMessages();
  const live = useLive(siteId).data;
  const offered = useMemo(() => {
    const miners = live ? toMiners(live) : [];
    const distinct = (names: readonly string[]) =>
      [...new Set(names.filter((name) => name !== ''))].toSorted();
    return {
      zones: distinct(miners.map(({ zoneId }) => zoneId)),
      models: distinct(miners.map(({ model }) => model)),
      miners: miners.map(({ minerId }) => minerId),
    };
  }, [live]);
  const { scope, chosen } = draft;
  const options = scope === 'all' ? [] : offered[scope].map((value) => ({ value, label: value }));
  return (
    <>
      <FormField label={texts.which}>
        <SegmentedControl
          label={texts.which}
          selectedId={scope}
          options={scopes.map((id) => ({ id, text: texts.scopes[id] }))}
          onChange={({ detail }) => {
            const next: Scope = scopes.find((one) => one === detail.selectedId) ?? scope;
            onChange({ scope: next, chosen: [] });
          }}
        />
      </FormField>
      {scope !== 'all' && (
        <FormField label={texts.chosen} errorText={wasSent && chosen.length === 0 ? texts.missing : ''}>
          <Multiselect
            options={options}
            filteringType="auto"
            selectedOptions={chosen.map((value) => ({ value, label: value }))}
            onChange={({ detail }) =>
              onChange({
                chosen: detail.selectedOptions.flatMap(({ value }) => (value === undefined ? [] : [value])),
              })
            }
          />
        </FormField>
      )}
    </>
  );
};
