import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import type { UseQueryResult } from '@tanstack/react-query';
import { useMessages } from '../i18n/language.ts';
import { useProblem } from '../parts/problem.ts';

/** Why a query failed and a way to try again, above what it showed before; nothing while all is well. */
export const QueryTrouble = ({ query }: { query: UseQueryResult<unknown> }) => {
  const { common } = useMessages();
  const problem = useProblem();
  if (!query.isError && !(query.isPending && query.errorUpdateCount > 0)) return null;
  const isStale = query.data !== undefined;
  return (
    <Alert
      type={isStale ? 'warning' : 'error'}
      header={isStale ? common.stale : common.failed}
      action={<Button onClick={() => void query.refetch()}>{common.retry}</Button>}
    >
      {query.error ? problem(query.error) : common.loading}
    </Alert>
  );
};
