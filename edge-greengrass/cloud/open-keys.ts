import type { GatewayConfig } from '../config.ts';
import type { Log } from '../log.ts';
import { KeyRing } from '../state/key-ring.ts';
import { provisionOverMqtt } from './provision.ts';
import { registerByClaim } from './register.ts';

/**
 * The gateway's own keys, where its configuration has it keep them; at the first start it registers by its claim. Throws Error where it
 * is neither registered nor has a claim, where the claim is refused, or where the keys are another gateway's.
 */
export const openKeys = async (
  { cloud, siteId, gatewayId }: GatewayConfig,
  stateDir: string,
  log: Log,
): Promise<KeyRing | undefined> => {
  if (!cloud) return undefined;
  const keys = new KeyRing(stateDir);
  if (!keys.isRegistered) {
    if (cloud.claim === undefined) throw new Error('The gateway is not registered: cloud.claim is missing');
    if (cloud.provisioning) await provisionOverMqtt(keys, cloud.provisioning, cloud.caPath, cloud.claim);
    await registerByClaim(keys, cloud.url, cloud.claim);
    log('info', 'registered');
  }
  if (keys.held.siteId !== siteId || keys.held.gatewayId !== gatewayId)
    throw new Error('The keys in the state directory are of another gateway or site');
  return keys;
};
