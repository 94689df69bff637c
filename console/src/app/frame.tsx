import AppLayout from '@cloudscape-design/components/app-layout';
import Box from '@cloudscape-design/components/box';
import Flashbar, { type FlashbarProps } from '@cloudscape-design/components/flashbar';
import Spinner from '@cloudscape-design/components/spinner';
import { useState } from 'react';
import { ApiRefusal } from '../api/client.ts';
import { useSession, useSites } from '../api/queries.ts';
import { useMessages } from '../i18n/language.ts';
import { Fetched } from '../parts/fetched.tsx';
import { Navigation } from './navigation.tsx';
import { NoticeContext } from './notices.ts';
import { Pages } from './pages.tsx';
import { SiteContext } from './site-context.ts';
import { TopBar } from './top-bar.tsx';

type FrameProps = { readonly dark: boolean; readonly onTheme: () => void; readonly onLanguage: () => void };

/** Who is signed in, which site is shown, and the page below. */
export const Frame = ({ dark, onTheme, onLanguage }: FrameProps) => {
  const { top } = useMessages();
  const session = useSession();
  const sites = useSites();
  const [siteId, setSiteId] = useState<number>();
  const [notices, setNotices] = useState<FlashbarProps.MessageDefinition[]>([]);
  if (!session.data) {
    // Without a session the browser is already on its way to sign in.
    const isLeaving = session.error instanceof ApiRefusal && session.error.status === 401;
    return isLeaving ? <Centered /> : <Fetched query={session}>{() => null}</Fetched>;
  }
  const site = sites.data?.sites.find((one) => one.site_id === siteId) ?? sites.data?.sites[0];
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
      <AppLayout
        headerSelector="#top"
        toolsHide
        maxContentWidth={1_680}
        navigationWidth={220}
        navigation={<Navigation />}
        notifications={<Flashbar items={notices} stackItems />}
        content={
          <div id="page" tabIndex={-1}>
            <Fetched query={sites}>
              {() =>
                site ? (
                  <SiteContext value={site}>
                    <Pages key={site.site_id} />
                  </SiteContext>
                ) : (
                  <Box textAlign="center" padding="xxl">
                    {top.noSite}
                  </Box>
                )
              }
            </Fetched>
          </div>
        }
      />
    </NoticeContext>
  );
};

const Centered = () => (
  <Box textAlign="center" padding="xxxl">
    <Spinner size="large" />
  </Box>
);
