import type { FlashbarProps } from '@cloudscape-design/components/flashbar';
import { createContext, useContext } from 'react';

/** Shows a message above the page. */
export type Notify = (type: FlashbarProps.Type, content: string) => void;
export const NoticeContext = createContext<Notify>(() => undefined);
export const useNotify = () => useContext(NoticeContext);
