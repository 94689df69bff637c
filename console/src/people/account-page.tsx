import SpaceBetween from '@cloudscape-design/components/space-between';
import { meAnswer } from '../../../contracts/api-users.ts';
import { useGet } from '../api/queries.ts';
import { useMessages } from '../i18n/language.ts';
import { Fetched } from '../parts/fetched.tsx';
import { usePageTitle } from '../parts/page-title.ts';
import { ApiKeysPanel } from './api-keys-panel.tsx';
import { FactorPanel } from './factor-panel.tsx';
import { SessionsPanel } from './sessions-panel.tsx';

/** What a person has of their own: sessions, a second factor, API keys. */
export const AccountPage = () => {
  const { people: texts } = useMessages();
  const query = useGet('/api/v1/users/me', meAnswer);
  usePageTitle(texts.accountTitle);
  return (
    <Fetched query={query}>
      {({ user }) => (
        <SpaceBetween size="l">
          <SessionsPanel />
          <FactorPanel isOn={user.second_factor} onChanged={() => void query.refetch()} />
          <ApiKeysPanel role={user.role} />
        </SpaceBetween>
      )}
    </Fetched>
  );
};
