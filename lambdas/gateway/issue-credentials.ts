import type { GatewayCredentialSet } from '../../contracts/gateway-keys.ts';
import type { Clock } from '../shared/clock.ts';
import { type GatewayRecord, lastGeneration, rotateAfterMs, tokenLifeMs, withKeySet } from './gateway.ts';
import { hashOf, newCommandSecret, newDeviceToken } from './secrets.ts';

export type IssueDeps = {
  /** Seals a command secret under the gateway's own context. */
  readonly seal: (record: GatewayRecord, secret: Uint8Array) => Promise<Uint8Array>;
  readonly mqttEndpoint: () => Promise<{ readonly host: string; readonly port: number }>;
  readonly clock: Clock;
};

export type Issued = {
  readonly record: GatewayRecord;
  /** Without a certificate, which is made apart. */
  readonly credentials: Omit<GatewayCredentialSet, 'certificate'>;
};

/** Makes the next command secret and device token of a gateway. The record holds the one sealed, the other as its hash. */
export const issueCredentials =
  ({ seal, mqttEndpoint, clock }: IssueDeps) =>
  async (record: GatewayRecord): Promise<Issued> => {
    const { keyId, secret } = newCommandSecret();
    const token = newDeviceToken(record.site_id, record.gateway_id);
    const nowMs = clock.nowMs();
    const generation = lastGeneration(record) + 1;
    const [sealed, { host, port }] = await Promise.all([seal(record, secret), mqttEndpoint()]);
    return {
      record: withKeySet(record, {
        generation,
        key_id: keyId,
        sealed_secret: sealed,
        token_hash: hashOf(token),
        issued_at_ms: nowMs,
        token_expires_at_ms: nowMs + tokenLifeMs,
      }),
      credentials: {
        generation,
        mqtt_host: host,
        mqtt_port: port,
        hmac_key_id: keyId,
        hmac_secret: secret.toString('base64'),
        device_token: token,
        issued_at_ms: nowMs,
        rotate_at_ms: nowMs + rotateAfterMs,
        token_expires_at_ms: nowMs + tokenLifeMs,
      },
    };
  };
