import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Spinner from '@cloudscape-design/components/spinner';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useMessages } from '../i18n/language.ts';

/** What was fetched, or that it is on its way, or why it failed and a way to try again. */
export const Fetched = <T,>({
  query,
  children,
}: {
  query: UseQueryResult<T>;
  children: (data: T) => ReactNode;
}) => {
  const { common } = useMessages();
  if (query.data !== undefined) return children(query.data);
  if (query.isError)
    return (
      <Alert
        type="error"
        header={common.failed}
        action={<Button onClick={() => void query.refetch()}>{common.retry}</Button>}
      >
        {query.error.message}
      </Alert>
    );
  return (
    <Box textAlign="center" padding="l">
      <Spinner /> {common.loading}
    </Box>
  );
};
