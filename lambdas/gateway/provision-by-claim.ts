import * as z from 'zod';
import { claimCode } from '../../contracts/gateway-keys.ts';
import type { Clock } from '../shared/clock.ts';
import { withCertificate } from './gateway.ts';
import { byGateway, gatewayEvent } from './gateway-events.ts';
import { type ClaimDeps, findUsableClaim, takeClaim } from './register-by-claim.ts';

/** What AWS IoT hands to a pre-provisioning function. */
export const provisioningRequest = z.object({
  claimCertificateId: z.string().regex(/^[0-9a-f]{64}$/),
  certificateId: z.string().regex(/^[0-9a-f]{64}$/),
  certificatePem: z.string().min(1),
  parameters: z.object({ Claim: claimCode }).loose(),
});
export type ProvisioningRequest = z.infer<typeof provisioningRequest>;
/** What it expects back, within five seconds. */
export type ProvisioningVerdict =
  | { readonly allowProvisioning: false }
  | {
      readonly allowProvisioning: true;
      readonly parameterOverrides: { readonly GatewayId: string; readonly SiteId: string };
    };

export type ProvisionDeps = ClaimDeps & {
  readonly publicKeyHashOf: (certificatePem: string) => string;
  readonly clock: Clock;
};

const refused: ProvisioningVerdict = { allowProvisioning: false };
const attempts = 5;

/**
 * Whether a gateway may be provisioned with the certificate that it has just been given. It must bring a claim that is good, over the
 * connection of that claim's own certificate; the claim, not the gateway, says its name and site.
 */
export const provisionByClaim =
  (deps: ProvisionDeps) =>
  async (request: ProvisioningRequest): Promise<ProvisioningVerdict> => {
    const nowMs = deps.clock.nowMs();
    const publicKeyHash = deps.publicKeyHashOf(request.certificatePem);
    const usable = await findUsableClaim(deps)(request.parameters.Claim, publicKeyHash, nowMs);
    if (!usable.ok || usable.value.certificate_id !== request.claimCertificateId) return refused;
    const claim = usable.value;
    let record = await takeClaim(deps)(claim, publicKeyHash, nowMs);
    for (let attempt = 1; record && attempt <= attempts; attempt++) {
      const certified = withCertificate(record, {
        certificate_id: request.certificateId,
        public_key_hash: publicKeyHash,
      });
      const event = gatewayEvent(record, byGateway(record.gateway_id), 'gateway.credentials.issued', {
        generation: record.generation,
        because: 'registration',
        certificate_id: request.certificateId,
      });
      if (await deps.replaceGateway(certified, [event], [])) {
        const parameterOverrides = { GatewayId: claim.gateway_id, SiteId: String(claim.site_id) };
        return { allowProvisioning: true, parameterOverrides };
      }
      record = await deps.readGateway(claim.site_id, claim.gateway_id);
    }
    return refused;
  };
