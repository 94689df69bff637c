import { applyMode, Mode } from '@cloudscape-design/global-styles';
import { createContext, useContext } from 'react';

const storageKey = 'hashinsight.theme';

/** True where the user, or else the system, prefers the dark theme. */
export const prefersDark = () => {
  const chosen = localStorage.getItem(storageKey);
  return chosen ? chosen === 'dark' : window.matchMedia('(prefers-color-scheme: dark)').matches;
};

export const applyTheme = (dark: boolean) => {
  localStorage.setItem(storageKey, dark ? 'dark' : 'light');
  applyMode(dark ? Mode.Dark : Mode.Light);
};

/** Whether the page is dark: for what draws its own colours. */
export const DarkContext = createContext(false);
export const useDark = () => useContext(DarkContext);
