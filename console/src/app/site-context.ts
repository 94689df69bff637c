import { createContext, useContext } from 'react';
import type { Site } from '../../../contracts/api-fleet.ts';

export const SiteContext = createContext<Site | undefined>(undefined);

/** The site that the console shows. Pages are rendered only when there is one. */
export const useSite = (): Site => {
  const site = useContext(SiteContext);
  if (!site) throw new Error('a page was rendered without a site');
  return site;
};
