import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { stepUpAnswer } from '../../../contracts/api-users.ts';
import { ApiRefusal, callOnce } from '../api/client.ts';
import { useMessages } from '../i18n/language.ts';
import { useProblem } from '../parts/problem.ts';

/** Takes the code of the second factor, or one of the recovery codes. */
export const CodeForm = ({ onProven }: { readonly onProven: () => void }) => {
  const { people: texts } = useMessages();
  const problem = useProblem();
  const [text, setText] = useState('');
  const proving = useMutation({
    mutationFn: () =>
      callOnce(
        'POST',
        '/api/v1/users/me/step-up',
        stepUpAnswer,
        /^\d{6}$/.test(text.trim()) ? { code: text.trim() } : { recovery_code: text.trim() },
      ),
    onSuccess: onProven,
  });
  const words = (error: unknown) => {
    if (error instanceof ApiRefusal && error.status === 429) return texts.tooManyCodes;
    if (error instanceof ApiRefusal && error.status < 500 && error.status !== 401) return texts.wrongCode;
    return problem(error);
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim()) proving.mutate();
      }}
    >
      <SpaceBetween size="m">
        {proving.isError && <Alert type="error">{words(proving.error)}</Alert>}
        <FormField label={texts.code} description={texts.codeHelp}>
          <Input
            value={text}
            autoFocus
            inputMode="text"
            autoComplete="one-time-code"
            onChange={({ detail }) => setText(detail.value)}
          />
        </FormField>
        <Button variant="primary" formAction="submit" loading={proving.isPending}>
          {texts.confirm}
        </Button>
      </SpaceBetween>
    </form>
  );
};
