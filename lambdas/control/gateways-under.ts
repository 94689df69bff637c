type Place = { readonly siteId: number; readonly gatewayId: string };
type Deps = {
  readonly readSiteIds: (tenantId: string) => Promise<readonly number[]>;
  readonly readGatewayIds: (siteId: number) => Promise<readonly string[]>;
  /** Undefined for a gateway that was shut out, or is not there. */
  readonly readGatewayOwner: (
    siteId: number,
    gatewayId: string,
  ) => Promise<{ readonly tenantId: string } | undefined>;
};

/** The gateways that a switch over a tenant, a site or one gateway concerns, as far as they are let in. */
export const gatewaysUnder =
  ({ readSiteIds, readGatewayIds, readGatewayOwner }: Deps) =>
  async (tenantId: string, siteId?: number, gatewayId?: string): Promise<Place[]> => {
    const siteIds = siteId === undefined ? await readSiteIds(tenantId) : [siteId];
    const places: Place[] = [];
    for (const site of siteIds) {
      const ids = gatewayId === undefined ? await readGatewayIds(site) : [gatewayId];
      for (const id of ids) {
        const owner = await readGatewayOwner(site, id);
        if (owner?.tenantId === tenantId) places.push({ siteId: site, gatewayId: id });
      }
    }
    return places;
  };
