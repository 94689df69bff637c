import { haltList } from '../../../contracts/api-control.ts';
import { refreshMs, useGet } from '../api/queries.ts';

/** The kill switches over a site and its gateways, asked again every five seconds. */
export const useHalts = (siteId: number) =>
  useGet(`/api/v1/halts?site_id=${siteId}`, haltList, refreshMs.normal);
