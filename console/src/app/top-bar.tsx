import TopNavigation from '@cloudscape-design/components/top-navigation';
import { useNavigate } from 'react-router';
import type * as z from 'zod';
import type { Site } from '../../../contracts/api-fleet.ts';
import { type sessionAnswer, signedOut } from '../../../contracts/api-identity.ts';
import { call } from '../api/client.ts';
import { useMessages } from '../i18n/language.ts';
import { useProblem } from '../parts/problem.ts';
import { useNotify } from './notices.ts';

type TopBarProps = {
  readonly user: z.infer<typeof sessionAnswer>['user'];
  readonly sites: readonly Site[];
  readonly site: Site | undefined;
  readonly dark: boolean;
  readonly onSite: (siteId: number) => void;
  readonly onTheme: () => void;
  readonly onLanguage: () => void;
};

export const TopBar = ({ user, sites, site, dark, onSite, onTheme, onLanguage }: TopBarProps) => {
  const { top, nav, product, rank } = useMessages();
  const navigate = useNavigate();
  const notify = useNotify();
  const problem = useProblem();
  const signOut = async () => {
    try {
      await call('POST', '/auth/logout', signedOut, {});
      window.location.assign('/');
    } catch (error) {
      notify('error', problem(error));
    }
  };
  return (
    <div id="top">
      <TopNavigation
        identity={{
          href: '/',
          title: product,
          onFollow: (event) => {
            event.preventDefault();
            navigate('/');
          },
        }}
        utilities={[
          {
            type: 'menu-dropdown',
            text: site?.name ?? top.noSite,
            ariaLabel: top.site,
            items: sites.map((one) => ({ id: String(one.site_id), text: one.name })),
            onItemClick: ({ detail }) => onSite(Number(detail.id)),
          },
          { type: 'button', text: dark ? top.light : top.dark, onClick: onTheme },
          { type: 'button', text: top.language, onClick: onLanguage },
          {
            type: 'menu-dropdown',
            text: user.name,
            ariaLabel: `${top.account}: ${user.name}`,
            description: rank[user.rank],
            iconName: 'user-profile',
            items: [
              { id: 'account', text: nav.account },
              { id: 'sign-out', text: top.signOut },
            ],
            onItemClick: ({ detail }) => void (detail.id === 'account' ? navigate('/account') : signOut()),
          },
        ]}
      />
    </div>
  );
};
