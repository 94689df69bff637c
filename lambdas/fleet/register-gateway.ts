import { randomBytes } from 'node:crypto';
import type { CommitResult } from '../audit/commit-with-audit.ts';
import { type Clock, toUtc } from '../shared/clock.ts';
import { fail, succeed } from '../shared/result.ts';
import type { Gateway, NewGateway, Owner } from './fleet-repository.ts';

/** An X.509 identity for a thing: made by the IoT service, which never stores the private key. */
export type ThingIdentity = {
  readonly certificateId: string;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
};

export type RegisterGatewayDeps = {
  readonly claim: (owner: Owner, gateway: Gateway & { sealed_secret: Uint8Array }) => Promise<CommitResult>;
  readonly activate: (siteId: number, gatewayId: string, certificateId: string) => Promise<void>;
  readonly seal: (owner: Owner, gatewayId: string, secret: Uint8Array) => Promise<Uint8Array>;
  readonly createThing: (owner: Owner, gatewayId: string) => Promise<ThingIdentity>;
  readonly mqttEndpoint: () => Promise<{ host: string; port: number }>;
  readonly clock: Clock;
};

/**
 * Gives a gateway its name, its certificate and its signing secret. The secret is stored sealed, the private key not at
 * all; both are in the answer and nowhere else. `conflict` when the name is taken.
 */
export const registerGateway =
  (deps: RegisterGatewayDeps) =>
  async (owner: Owner, { gateway_id, name }: NewGateway) => {
    const secret = randomBytes(32);
    const gateway: Gateway = {
      gateway_id,
      name,
      site_id: owner.siteId,
      status: 'registering',
      key_id: `k-${randomBytes(6).toString('hex')}`,
      created_at: toUtc(deps.clock.nowMs()),
    };
    const claimed = await deps.claim(owner, {
      ...gateway,
      sealed_secret: await deps.seal(owner, gateway_id, secret),
    });
    if (!claimed.ok) return fail('conflict', `gateway_id ${gateway_id} is taken`);
    const identity = await deps.createThing(owner, gateway_id);
    await deps.activate(owner.siteId, gateway_id, identity.certificateId);
    const { host, port } = await deps.mqttEndpoint();
    return succeed({
      gateway: { ...gateway, status: 'active' as const },
      credentials: {
        certificate_pem: identity.certificatePem,
        private_key_pem: identity.privateKeyPem,
        mqtt_host: host,
        mqtt_port: port,
        hmac_key_id: gateway.key_id,
        hmac_secret: secret.toString('base64'),
      },
    });
  };
