import { createContext, useContext } from 'react';
import type { Language } from '../../../contracts/text.ts';
import { en, type Messages } from './en.ts';
import { zh } from './zh.ts';

const storageKey = 'hashinsight.language';
const dictionaries: Record<Language, Messages> = { en, zh };

/** The language chosen before, else the browser's. */
export const currentLanguage = (): Language => {
  const chosen = localStorage.getItem(storageKey);
  if (chosen === 'en' || chosen === 'zh') return chosen;
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en';
};

export const rememberLanguage = (language: Language) => {
  localStorage.setItem(storageKey, language);
  document.documentElement.lang = language;
};

export const LanguageContext = createContext<Language>('en');
export const useLanguage = () => useContext(LanguageContext);
export const useMessages = (): Messages => dictionaries[useLanguage()];
