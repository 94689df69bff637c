import Box from '@cloudscape-design/components/box';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useSession } from '../api/queries.ts';
import { useMessages } from '../i18n/language.ts';
import { usePageTitle } from '../parts/page-title.ts';
import { HaltsPanel } from './halts-panel.tsx';
import { PoliciesPanel } from './policies-panel.tsx';

/** What stands between an order and the miners: kill switches, and what the site demands. */
export const SafetyPage = () => {
  const { safety: texts } = useMessages();
  const user = useSession().data?.user;
  usePageTitle(texts.title);
  return (
    <SpaceBetween size="l">
      <Box variant="h1">{texts.title}</Box>
      <HaltsPanel mayStopAll={user?.site_ids === 'all'} />
      <PoliciesPanel mayChange={user?.rank === 'admin'} />
    </SpaceBetween>
  );
};
