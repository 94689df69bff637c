import AppLayout from '@cloudscape-design/components/app-layout';
import Box from '@cloudscape-design/components/box';
import Flashbar, { type FlashbarProps } from '@cloudscape-design/components/flashbar';
import { I18nProvider } from '@cloudscape-design/components/i18n';
import enComponents from '@cloudscape-design/components/i18n/messages/all.en';
import zhComponents from '@cloudscape-design/components/i18n/messages/all.zh-CN';
import SideNavigation from '@cloudscape-design/components/side-navigation';
import Spinner from '@cloudscape-design/components/spinner';
import { useEffect, useState } from 'react';
import { Navigate, Route, Routes, useLocation, useNavigate } from 'react-router';
import type { Language } from '../../../contracts/text.ts';
import { useSession, useSites } from '../api/queries.ts';
import { currentLanguage, LanguageContext, rememberLanguage, useMessages } from '../i18n/language.ts';
import { AlertsPage } from '../pages/alerts-page.tsx';
import { AuditPage } from '../pages/audit-page.tsx';
import { CommandsPage } from '../pages/commands-page.tsx';
import { LoopsPage } from '../pages/loops-page.tsx';
import { MinerPage } from '../pages/miner-page.tsx';
import { OverviewPage } from '../pages/overview-page.tsx';
import { RecommendationsPage } from '../pages/recommendations-page.tsx';
import { NoticeContext } from './notices.ts';
import { applyTheme, prefersDark } from './preferences.ts';
import { SiteContext } from './site-context.ts';
import { TopBar } from './top-bar.tsx';

/** The console's frame: who is signed in, which site is shown, in which language and theme. */
export const App = () => {
  const [language, setLanguage] = useState<Language>(currentLanguage);
  const [dark, setDark] = useState(prefersDark);
  useEffect(() => rememberLanguage(language), [language]);
  useEffect(() => applyTheme(dark), [dark]);
  return (
    <LanguageContext value={language}>
      <I18nProvider
        locale={language === 'zh' ? 'zh-CN' : 'en'}
        messages={[language === 'zh' ? zhComponents : enComponents]}
      >
        <Frame
          dark={dark}
          onTheme={() => setDark(!dark)}
          onLanguage={() => setLanguage(language === 'zh' ? 'en' : 'zh')}
        />
      </I18nProvider>
    </LanguageContext>
  );
};

const Frame = ({
  dark,
  onTheme,
  onLanguage,
}: {
  dark: boolean;
  onTheme: () => void;
  onLanguage: () => void;
}) => {
  const messages = useMessages();
  const session = useSession();
  const sites = useSites();
  const [siteId, setSiteId] = useState<number>();
  const [notices, setNotices] = useState<FlashbarProps.MessageDefinition[]>([]);
  if (!session.data) return <Centered />;
  const site = sites.data?.sites.find((one) => one.site_id === siteId) ?? sites.data?.sites[0];
  const notify = (type: FlashbarProps.Type, content: string) => {
    const id = crypto.randomUUID();
    const dismiss = () => setNotices((all) => all.filter((one) => one.id !== id));
    setNotices((all) => [{ id, type, content, dismissible: true, onDismiss: dismiss }, ...all].slice(0, 3));
  };
  return (
    <NoticeContext value={notify}>
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
        navigation={<Navigation />}
        notifications={<Flashbar items={notices} stackItems />}
        content={
          site ? (
            <SiteContext value={site}>
              <Pages key={site.site_id} />
            </SiteContext>
          ) : sites.isPending ? (
            <Centered />
          ) : (
            <Box textAlign="center" padding="xxl">
              {messages.top.noSite}
            </Box>
          )
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

const Pages = () => (
  <Routes>
    <Route path="/" element={<OverviewPage />} />
    <Route path="/miners/:minerId" element={<MinerPage />} />
    <Route path="/alerts" element={<AlertsPage />} />
    <Route path="/recommendations" element={<RecommendationsPage />} />
    <Route path="/recommendations/:recommendationId" element={<RecommendationsPage />} />
    <Route path="/loops" element={<LoopsPage />} />
    <Route path="/commands" element={<CommandsPage />} />
    <Route path="/audit" element={<AuditPage />} />
    <Route path="*" element={<Navigate to="/" replace />} />
  </Routes>
);

const Navigation = () => {
  const { nav } = useMessages();
  const { pathname } = useLocation();
  const navigate = useNavigate();
  const places = [
    ['/', nav.overview],
    ['/alerts', nav.alerts],
    ['/recommendations', nav.recommendations],
    ['/loops', nav.loops],
    ['/commands', nav.commands],
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
