import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { type AuditEntry, auditEventList, auditVerification } from '../../../contracts/api-audit.ts';
import { call } from '../api/client.ts';
import { refreshMs } from '../api/queries.ts';
import { useSite } from '../app/site-context.ts';
import { useLanguage, useMessages } from '../i18n/language.ts';
import { useFormat } from '../parts/format.ts';
import { ListTable } from '../parts/list-table.tsx';
import { usePageTitle } from '../parts/page-title.ts';
import { useProblem } from '../parts/problem.ts';
import { nameOf } from '../parts/who.ts';

/** The site's audit chain, newest first, and its verification on demand. */
export const AuditPage = () => {
  const messages = useMessages();
  const { audit: texts, common } = messages;
  const problem = useProblem();
  usePageTitle(texts.title);
  const language = useLanguage();
  const { time } = useFormat();
  const { site_id: siteId } = useSite();
  const pages = useInfiniteQuery({
    queryKey: ['audit', siteId],
    queryFn: ({ pageParam }) =>
      call(
        'GET',
        `/api/v1/audit/events?site_id=${siteId}&limit=100${pageParam && `&cursor=${encodeURIComponent(pageParam)}`}`,
        auditEventList,
      ),
    initialPageParam: '',
    getNextPageParam: (last) => last.next_cursor,
    refetchInterval: (query) => (query.state.data?.pages.length === 1 ? refreshMs.normal : false),
  });
  const verification = useMutation({
    mutationFn: () => call('GET', `/api/v1/audit/verification?site_id=${siteId}`, auditVerification),
  });
  const verdict = verification.data;
  const actorOf = (one: AuditEntry) => nameOf(messages, `${one.actor_type}:${one.actor_id}`);
  return (
    <SpaceBetween size="l">
      {verification.isError && <Alert type="error">{problem(verification.error)}</Alert>}
      {verdict?.intact && (
        <Alert type="success" data-testid="audit-intact">
          {texts.intact(verdict.length, verdict.head.slice(0, 16))}
        </Alert>
      )}
      {verdict?.fault && (
        <Alert type="error">{texts.broken(verdict.fault.seq, verdict.fault.reason[language])}</Alert>
      )}
      {pages.isError && (
        <Alert
          type="error"
          header={common.failed}
          action={<Button onClick={() => void pages.refetch()}>{common.retry}</Button>}
        >
          {problem(pages.error)}
        </Alert>
      )}
      <ListTable
        title={texts.title}
        isPage
        {...(pages.isPending && { empty: common.loading })}
        textOf={(one) =>
          `${one.seq} ${one.type} ${actorOf(one)} ${one.ref_type} ${one.ref_id} ${one.event_hash}`
        }
        description={texts.hint}
        items={pages.data?.pages.flatMap(({ events }) => events) ?? []}
        idOf={(one) => one.event_id}
        pageSize={50}
        actions={
          <SpaceBetween direction="horizontal" size="xs">
            {pages.hasNextPage && (
              <Button loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
                {common.more}
              </Button>
            )}
            <Button
              variant="primary"
              loading={verification.isPending}
              loadingText={texts.verifying}
              onClick={() => verification.mutate()}
            >
              {texts.verify}
            </Button>
          </SpaceBetween>
        }
        columns={[
          { id: 'seq', header: texts.seq, cell: (one) => one.seq, sortingField: 'seq' },
          {
            id: 'time',
            header: common.time,
            cell: (one) => time(one.created_at),
            sortingField: 'created_at',
          },
          { id: 'type', header: texts.type, cell: (one) => one.type, sortingField: 'type' },
          { id: 'actor', header: texts.actor, cell: (one) => actorOf(one) },
          { id: 'about', header: texts.about, cell: (one) => `${one.ref_type} ${one.ref_id}` },
          {
            id: 'hash',
            header: texts.hash,
            cell: (one) => <span className="mono">{one.event_hash.slice(0, 12)}</span>,
          },
        ]}
      />
    </SpaceBetween>
  );
};
