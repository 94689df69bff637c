import { useEffect } from 'react';
import { useMessages } from '../i18n/language.ts';

/** Names the page in the browser's tab and history, which is also what screen readers say first. */
export const usePageTitle = (title: string) => {
  const { product } = useMessages();
  useEffect(() => {
    document.title = `${title} · ${product}`;
  }, [title, product]);
};
