import AppLayout from '@cloudscape-design/components/app-layout';
import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Flashbar, { type FlashbarProps } from '@cloudscape-design/components/flashbar';
import Header from '@cloudscape-design/components/header';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import { useState } from 'react';
import { useLocation } from 'react-router';
import type * as z from 'zod';
import { hasAccess, hasRank } from '../../../contracts/access.ts';
import type { sessionAnswer } from '../../../contracts/api-identity.ts';
import { ApiRefusal } from '../api/client.ts';
import { useSession, useSites } from '../api/queries.ts';
import { useMessages } from '../i18n/language.ts';
import { Fetched } from '../parts/fetched.tsx';
import { HaltBanner } from '../safety/halt-banner.tsx';
import { CodeForm } from './code-form.tsx';
import { Navigation } from './navigation.tsx';
import { NoticeContext } from './notices.ts';
import { Pages, PersonalPages } from './pages.tsx';
import { ProofDialog } from './proof-dialog.tsx';
import { SiteContext } from './site-context.ts';
import { TopBar } from './top-bar.tsx';

type FrameProps = { readonly dark: boolean; readonly onTheme: () => void; readonly onLanguage: () => void };

/** Who is signed in, which site is shown, and the page below. */
export const Frame = ({ dark, onTheme, onLanguage }: FrameProps) => {
  const { top, people } = useMessages();
  const session = useSession();
  const user = session.data?.user;
  const isOpen = user !== undefined && !session.data?.awaits_code;
  const seesSites = isOpen && hasAccess(user.role, 'hosting', 'read');
  const sites = useSites(seesSites);
  const { pathname } = useLocation();
  const [siteId, setSiteId] = useState<number>();
  const [notices, setNotices] = useState<FlashbarProps.MessageDefinition[]>([]);
  if (!session.data) {
    // Without a session the browser is already on its way to sign in.
    const isLeaving = session.error instanceof ApiRefusal && session.error.status === 401;
    return isLeaving ? <Centered /> : <Fetched query={session}>{() => null}</Fetched>;
  }
  if (session.data.awaits_code)
    return (
      <Box padding="xxxl">
        <Container header={<Header variant="h1">{people.codeTitle}</Header>}>
          <SpaceBetween size="m">
            <Box>{people.codeNeeded}</Box>
            <CodeForm onProven={() => window.location.reload()} />
          </SpaceBetween>
        </Container>
      </Box>
    );
  const site = sites.data?.sites.find((one) => one.site_id === siteId) ?? sites.data?.sites[0];
  // These concern the person and the tenant, so they are there without any site.
  const isPersonal = !seesSites || /^\/(users|account)(\/|$)/.test(pathname);
  const notify = (type: FlashbarProps.Type, content: string) => {
    const id = crypto.randomUUID();
    const dismiss = () => setNotices((all) => all.filter((one) => one.id !== id));
    setNotices((all) => [{ id, type, content, dismissible: true, onDismiss: dismiss }, ...all].slice(0, 3));
  };
  return (
    <NoticeContext value={notify}>
      <a className="skip" href="#page">
        {top.skip}
      </a>
      <TopBar
        user={session.data.user}
        sites={sites.data?.sites ?? []}
        site={site}
        dark={dark}
        onSite={setSiteId}
        onTheme={onTheme}
        onLanguage={onLanguage}
      />
      <ProofDialog />
      <AppLayout
        headerSelector="#top"
        toolsHide
        maxContentWidth={1_680}
        navigationWidth={220}
        navigation={<Navigation role={session.data.user.role} duty={dutyOf(session.data.user)} />}
        notifications={<Flashbar items={notices} stackItems />}
        content={
          <div id="page" tabIndex={-1}>
            {isPersonal ? (
              <PersonalPages />
            ) : (
              <Fetched query={sites}>
                {() =>
                  site ? (
                    <SiteContext value={site}>
                      {hasRank(session.data.user, 'operator') && <HaltBanner />}
                      <Pages key={site.site_id} />
                    </SiteContext>
                  ) : (
                    <Box textAlign="center" padding="xxl">
                      {top.noSite}
                    </Box>
                  )
                }
              </Fetched>
            )}
          </div>
        }
      />
    </NoticeContext>
  );
};

/** A site owner's duty is in its rank. */
const dutyOf = ({ role, rank }: z.infer<typeof sessionAnswer>['user']) =>
  role === 'mining_site_owner' && (rank === 'operator' || rank === 'manager') ? rank : undefined;

const Centered = () => (
  <Box textAlign="center" padding="xxxl">
    <Spinner size="large" />
  </Box>
);
