import { I18nProvider } from '@cloudscape-design/components/i18n';
import enComponents from '@cloudscape-design/components/i18n/messages/all.en';
import zhComponents from '@cloudscape-design/components/i18n/messages/all.zh-CN';
import { useEffect, useState } from 'react';
import type { Language } from '../../../contracts/text.ts';
import { currentLanguage, LanguageContext, rememberLanguage } from '../i18n/language.ts';
import { Frame } from './frame.tsx';
import { applyTheme, DarkContext, prefersDark } from './preferences.ts';

/** The console in the reader's language and theme. */
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
        <DarkContext value={dark}>
          <Frame
            dark={dark}
            onTheme={() => setDark(!dark)}
            onLanguage={() => setLanguage(language === 'zh' ? 'en' : 'zh')}
          />
        </DarkContext>
      </I18nProvider>
    </LanguageContext>
  );
};
