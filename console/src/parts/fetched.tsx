import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useMessages } from '../i18n/language.ts';
import { useProblem } from './problem.ts';

/** What was fetched, or that it is on its way, or why it failed and a way to try again. What is out of date says so. */
export const Fetched = <T,>({
  query,
  wait,
  children,
}: {
  query: UseQueryResult<T>;
  /** What is being done meanwhile, where it is more than loading. */
  wait?: string;
  children: (data: T) => ReactNode;
}) => {
  const { common } = useMessages();
  const problem = useProblem();
  // A failed first fetch that is being tried again still shows its failure, not a page that seems to begin anew.
  if (query.isError || (query.isPending && query.errorUpdateCount > 0)) {
    const isStale = query.data !== undefined;
    const alert = (
      <Alert
        type={isStale ? 'warning' : 'error'}
        header={isStale ? common.stale : common.failed}
        action={<Button onClick={() => void query.refetch()}>{common.retry}</Button>}
      >
        {query.error ? problem(query.error) : common.loading}
      </Alert>
    );
    if (query.data === undefined) return alert;
    return (
      <SpaceBetween size="l">
        {alert}
        {children(query.data)}
      </SpaceBetween>
    );
  }
  if (query.data !== undefined) return children(query.data);
  return (
    <Box textAlign="center" padding="l">
      <Spinner /> {wait ?? common.loading}
    </Box>
  );
};
