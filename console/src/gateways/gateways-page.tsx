import SpaceBetween from '@cloudscape-design/components/space-between';
import { ranks } from '../../../contracts/access.ts';
import { useSession } from '../api/queries.ts';
import { useMessages } from '../i18n/language.ts';
import { usePageTitle } from '../parts/page-title.ts';
import { ClaimsPanel } from './claims-panel.tsx';
import { GatewaysPanel } from './gateways-panel.tsx';

/** The site's gateways, and the claims by which further ones may register. */
export const GatewaysPage = () => {
  const { gateways: texts } = useMessages();
  const rank = useSession().data?.user.rank;
  const isManager = rank !== undefined && ranks.indexOf(rank) >= ranks.indexOf('manager');
  usePageTitle(texts.title);
  return (
    <SpaceBetween size="l">
      <GatewaysPanel mayManage={isManager} />
      {isManager && <ClaimsPanel mayChange={rank === 'admin'} />}
    </SpaceBetween>
  );
};
