import Button from '@cloudscape-design/components/button';
import { useMutation } from '@tanstack/react-query';
import { type Rule, ruleAnswer, ruleDeactivated } from '../../../contracts/api-advisor.ts';
import { call } from '../api/client.ts';
import { useNotify } from '../app/notices.ts';
import { useMessages } from '../i18n/language.ts';
import { useProblem } from '../parts/problem.ts';

/** Switches a rule off, or on again. */
export const RuleSwitch = ({ rule, onChanged }: { rule: Rule; onChanged: () => void }) => {
  const { rules: texts } = useMessages();
  const notify = useNotify();
  const problem = useProblem();
  const path = `/api/v1/ai/auto/rules/${rule.id}`;
  const switching = useMutation({
    mutationFn: async () => {
      if (rule.is_active) await call('DELETE', path, ruleDeactivated);
      else await call('PUT', path, ruleAnswer, { is_active: true });
    },
    onSuccess: () => {
      notify('success', texts.saved);
      onChanged();
    },
    onError: (error) => notify('error', problem(error)),
  });
  const word = rule.is_active ? texts.deactivate : texts.activate;
  return (
    <Button
      ariaLabel={`${word}: ${rule.name}`}
      loading={switching.isPending}
      onClick={() => switching.mutate()}
    >
      {word}
    </Button>
  );
};
