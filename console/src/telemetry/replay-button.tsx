import Button from '@cloudscape-design/components/button';
import { useMutation } from '@tanstack/react-query';
import type * as z from 'zod';
import { type quarantineAnswer, replayAnswer } from '../../../contracts/api-telemetry-losses.ts';
import { call } from '../api/client.ts';
import { useNotify } from '../app/notices.ts';
import { useMessages } from '../i18n/language.ts';
import { useProblem } from '../parts/problem.ts';

export type KeptAside = z.infer<typeof quarantineAnswer>['batches'][number];

type ReplayProps = {
  readonly siteId: number;
  readonly batch: KeptAside;
  readonly onChange: () => void;
};

/** Has a batch that was kept aside taken in again, and says what came of it. */
export const ReplayButton = ({ siteId, batch, onChange }: ReplayProps) => {
  const { health: texts } = useMessages().telemetry;
  const notify = useNotify();
  const problem = useProblem();
  const replay = useMutation({
    mutationFn: () =>
      call('POST', `/api/v1/telemetry/quarantine/${batch.quarantine_id}/replay`, replayAnswer, {
        site_id: siteId,
      }),
    onSuccess: ({ replay: outcome, detail }) => {
      if (outcome === 'replayed') notify('success', texts.replayDone);
      else notify('warning', texts.replayRefused(detail ?? ''));
      onChange();
    },
    onError: (error) => notify('error', problem(error)),
  });
  if (batch.replay === 'replayed') return null;
  return (
    <Button
      variant="inline-link"
      iconName="redo"
      loading={replay.isPending}
      ariaLabel={`${texts.replayNow}: ${batch.quarantine_id}`}
      onClick={() => replay.mutate()}
    >
      {texts.replayNow}
    </Button>
  );
};
