import { certificateUse, type GatewayRecord } from './gateway.ts';
import { byGateway, gatewayEvent } from './gateway-events.ts';
import type { ClaimDeps } from './register-by-claim.ts';

export type RetireDeps = Pick<ClaimDeps, 'readGateway' | 'replaceGateway'> & {
  /** The site that a gateway's name belongs to. */
  readonly findSite: (gatewayId: string) => Promise<number | undefined>;
  readonly retire: (gatewayId: string, certificateId: string) => Promise<void>;
};

const attempts = 5;

/**
 * A gateway has connected with this certificate: those before it are ended. They end in the IoT registry first and in the record
 * after that, so that a crash between leaves work that is done again, not a certificate that nobody remembers.
 */
export const retireCertificates =
  ({ readGateway, replaceGateway, findSite, retire }: RetireDeps) =>
  async (gatewayId: string, certificateId: string): Promise<readonly string[]> => {
    const siteId = await findSite(gatewayId);
    if (siteId === undefined) return [];
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const known: GatewayRecord | undefined = await readGateway(siteId, gatewayId);
      const use = known && certificateUse(known, certificateId);
      if (!use) return [];
      const ids = use.retired.map((one) => one.certificate_id);
      for (const id of ids) await retire(gatewayId, id);
      const event = gatewayEvent(use.record, byGateway(gatewayId), 'gateway.certificate.retired', {
        used_certificate_id: certificateId,
        retired_certificate_ids: ids,
      });
      if (await replaceGateway(use.record, [event], [])) return ids;
    }
    throw new Error(`The record of gateway ${gatewayId} stayed contended over ${attempts} attempts`);
  };
