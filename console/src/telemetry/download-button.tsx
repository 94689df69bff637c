import Button from '@cloudscape-design/components/button';
import { useMutation } from '@tanstack/react-query';
import { exportAnswer } from '../../../contracts/api-telemetry-export.ts';
import { call } from '../api/client.ts';
import { useNotify } from '../app/notices.ts';
import { useMessages } from '../i18n/language.ts';
import { useProblem } from '../parts/problem.ts';

/** Asks for a fresh address of an export's file, which is good for a short while, and goes there. */
export const DownloadButton = ({ siteId, exportId }: { siteId: number; exportId: string }) => {
  const { export: texts } = useMessages().telemetry;
  const notify = useNotify();
  const problem = useProblem();
  const fetching = useMutation({
    mutationFn: () => call('GET', `/api/v1/telemetry/exports/${exportId}?site_id=${siteId}`, exportAnswer),
    onSuccess: ({ export: { url } }) => {
      if (url) window.location.assign(url);
      else notify('warning', texts.gone);
    },
    onError: (error) => notify('error', problem(error)),
  });
  return (
    <Button
      variant="inline-link"
      loading={fetching.isPending}
      ariaLabel={`${texts.download}: ${exportId}`}
      onClick={() => fetching.mutate()}
    >
      {texts.download}
    </Button>
  );
};
