import SideNavigation from '@cloudscape-design/components/side-navigation';
import { useLocation, useNavigate } from 'react-router';
import { useMessages } from '../i18n/language.ts';

/** The list of pages. */
export const Navigation = () => {
  const { nav } = useMessages();
  const { pathname } = useLocation();
  const navigate = useNavigate();
  const places = [
    ['/', nav.overview],
    ['/telemetry', nav.telemetry],
    ['/alerts', nav.alerts],
    ['/recommendations', nav.recommendations],
    ['/loops', nav.loops],
    ['/commands', nav.commands],
    ['/rules', nav.rules],
    ['/audit', nav.audit],
  ] as const;
  const active = places.findLast(([href]) => href !== '/' && pathname.startsWith(href))?.[0] ?? '/';
  return (
    <SideNavigation
      header={{ text: nav.title, href: '/' }}
      activeHref={active}
      items={places.map(([href, text]) => ({ type: 'link', href, text }))}
      onFollow={(event) => {
        event.preventDefault();
        navigate(event.detail.href);
      }}
    />
  );
};
