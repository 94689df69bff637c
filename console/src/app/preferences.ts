import { applyMode, Mode } from '@cloudscape-design/global-styles';

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
