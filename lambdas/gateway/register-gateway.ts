import type * as z from 'zod';
import type { gatewayCredentials, newGateway } from '../../contracts/api-gateways.ts';
import { toUtc } from '../shared/clock.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import type { BindDeps } from './change-gateway.ts';
import { type GatewayRecord, newGatewayRecord, withCertificate } from './gateway.ts';
import { type Actor, gatewayEvent } from './gateway-events.ts';
import { type IssueDeps, issueCredentials } from './issue-credentials.ts';
import { publicKeyHashOf } from './public-key.ts';
import type { ClaimDeps } from './register-by-claim.ts';
import type { ThingRegistry } from './thing-registry.ts';

export type RegisterByHandDeps = Pick<ClaimDeps, 'readGateway' | 'insertGateway' | 'replaceGateway'> &
  Pick<ThingRegistry, 'makeIdentity' | 'activate'> &
  IssueDeps & {
    readonly servedMiners: BindDeps['servedMiners'];
    readonly missingZones: (siteId: number, zoneIds: readonly string[]) => Promise<readonly string[]>;
  };
type Credentials = z.infer<typeof gatewayCredentials>;
type Owner = { readonly tenantId: string; readonly siteId: number };

/**
 * Registers a gateway for a person who carries its keys there: the private key is made by the IoT service, and like the secret and
 * the token it is in the answer and nowhere else. A registration that broke off may be taken up again by its own site; `conflict`
 * when the name is taken.
 */
export const registerGateway =
  (deps: RegisterByHandDeps) =>
  async (
    owner: Owner,
    by: Actor,
    { zone_ids = 'all', ...named }: z.output<typeof newGateway>,
  ): Promise<Result<{ gateway: GatewayRecord; credentials: Credentials }>> => {
    const taken = fail('conflict', `gateway_id ${named.gateway_id} is taken`);
    const [unknown] = zone_ids === 'all' ? [] : await deps.missingZones(owner.siteId, zone_ids);
    if (unknown !== undefined)
      return fail('validation_failed', `zone_ids: ${unknown} is not a zone of this site`);
    const wanted = newGatewayRecord(owner, { ...named, zone_ids }, toUtc(deps.clock.nowMs()));
    const registered = gatewayEvent(wanted, by, 'fleet.gateway.registered', {});
    const isNew = await deps.insertGateway(wanted, [registered], []);
    const known = await deps.readGateway(owner.siteId, named.gateway_id);
    if (!known || (!isNew && known.status !== 'registering')) return taken;
    const served = await deps.servedMiners(owner.siteId, named.gateway_id, zone_ids);
    if (!served.ok) return served;
    const identity = await deps.makeIdentity({ siteId: owner.siteId, gatewayId: named.gateway_id });
    const { record, credentials } = await issueCredentials(deps)(
      withCertificate(
        { ...known, name: named.name, zone_ids },
        { certificate_id: identity.certificateId, public_key_hash: publicKeyHashOf(identity.certificatePem) },
      ),
    );
    const issued = gatewayEvent(record, by, 'gateway.credentials.issued', {
      generation: credentials.generation,
      because: 'registration',
      certificate_id: identity.certificateId,
    });
    if (!(await deps.replaceGateway(record, [issued], [served.value.guard]))) return taken;
    await deps.activate(identity.certificateId);
    const { mqtt_host, mqtt_port, hmac_key_id, hmac_secret, device_token } = credentials;
    return succeed({
      gateway: record,
      credentials: {
        certificate_pem: identity.certificatePem,
        private_key_pem: identity.privateKeyPem,
        mqtt_host,
        mqtt_port,
        hmac_key_id,
        hmac_secret,
        device_token,
        rotate_at: toUtc(credentials.rotate_at_ms),
        token_expires_at: toUtc(credentials.token_expires_at_ms),
      },
    });
  };
