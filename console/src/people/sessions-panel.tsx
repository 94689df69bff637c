import Alert from '@cloudscape-design/components/alert';
import Button from '@cloudscape-design/components/button';
import { useMutation } from '@tanstack/react-query';
import { done, type SessionView, sessionList } from '../../../contracts/api-users.ts';
import { call } from '../api/client.ts';
import { useGet } from '../api/queries.ts';
import { useMessages } from '../i18n/language.ts';
import { Fetched } from '../parts/fetched.tsx';
import { useFormat } from '../parts/format.ts';
import { ListTable } from '../parts/list-table.tsx';
import { useProblem } from '../parts/problem.ts';

/** Where the person is signed in; each session can be ended, or all at once. */
export const SessionsPanel = () => {
  const { people: texts } = useMessages();
  const { time } = useFormat();
  const problem = useProblem();
  const query = useGet('/api/v1/users/me/sessions', sessionList);
  const ending = useMutation({
    mutationFn: (one: SessionView) => call('DELETE', `/api/v1/users/me/sessions/${one.session_id}`, done),
    onSuccess: () => void query.refetch(),
  });
  const leaving = useMutation({
    mutationFn: () => call('POST', '/api/v1/users/me/sign-out-everywhere', done),
    onSuccess: () => window.location.assign('/'),
  });
  const error = ending.error ?? leaving.error;
  return (
    <Fetched query={query}>
      {({ sessions }) => (
        <>
          {error && <Alert type="error">{problem(error)}</Alert>}
          <ListTable
            title={texts.sessions}
            description={texts.sessionsHint}
            isPage
            items={sessions}
            idOf={(one) => one.session_id}
            textOf={(one) => one.browser}
            actions={
              <Button loading={leaving.isPending} onClick={() => leaving.mutate()}>
                {texts.signOutEverywhere}
              </Button>
            }
            columns={[
              { id: 'browser', header: texts.browser, cell: (one) => one.browser },
              { id: 'from', header: texts.signedIn, cell: (one) => time(one.signed_in_at) },
              { id: 'to', header: texts.ends, cell: (one) => time(one.expires_at) },
              {
                id: 'end',
                header: texts.end,
                cell: (one) =>
                  one.current ? (
                    texts.thisSession
                  ) : (
                    <Button ariaLabel={texts.endSession(one.browser)} onClick={() => ending.mutate(one)}>
                      {texts.end}
                    </Button>
                  ),
              },
            ]}
          />
        </>
      )}
    </Fetched>
  );
};
