import SideNavigation from '@cloudscape-design/components/side-navigation';
import { useLocation, useNavigate } from 'react-router';
import type { Role } from '../../../contracts/access.ts';
import { useMessages } from '../i18n/language.ts';
import { placesOf } from './places.ts';

type NavigationProps = { readonly role: Role; readonly duty: 'operator' | 'manager' | undefined };

/** The list of pages that are open to the person. */
export const Navigation = ({ role, duty }: NavigationProps) => {
  const { nav } = useMessages();
  const { pathname } = useLocation();
  const navigate = useNavigate();
  const places = placesOf({ role, ...(duty && { duty }) });
  const active = places.findLast(({ href }) => href !== '/' && pathname.startsWith(href))?.href ?? '/';
  return (
    <SideNavigation
      header={{ text: nav.title, href: places[0]?.href ?? '/' }}
      activeHref={active}
      items={places.map(({ href, name }) => ({ type: 'link', href, text: nav[name] }))}
      onFollow={(event) => {
        event.preventDefault();
        navigate(event.detail.href);
      }}
    />
  );
};
