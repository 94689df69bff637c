import type { SafetyEvent } from '../../contracts/command.ts';
import type { Device } from '../../contracts/gateway-keys.ts';
import type { TelemetryGone } from '../../contracts/telemetry-receipt.ts';
import type { Clock } from '../shared/clock.ts';
import { fail, type Result, succeed } from '../shared/result.ts';

/** Puts messages into the queue that the IoT rule of the same kind feeds. All or an error. */
export type Enqueue = (bodies: readonly string[]) => Promise<void>;
type Accepted = Result<{ accepted: number }>;

const mostBatchBytes = 128 * 1024;
const notOwn = fail('forbidden', 'A gateway reports in its own name only');
const isOwn = (who: Device, said: { readonly siteId: number; readonly gatewayId: string }) =>
  said.siteId === who.siteId && said.gatewayId === who.gatewayId;

/**
 * Puts a packed batch where the IoT rule puts those that come over MQTT, so that both are taken in alike: what cannot be decoded is
 * set aside there with its reason. Durable when this resolves.
 */
export const forwardTelemetry =
  ({ enqueue, clock }: { readonly enqueue: Enqueue; readonly clock: Clock }) =>
  async ({ siteId, gatewayId }: Device, bytes: Uint8Array): Promise<Accepted> => {
    if (bytes.length === 0) return fail('validation_failed', 'The request body is empty');
    if (bytes.length > mostBatchBytes)
      return fail('payload_too_large', 'A batch of telemetry is at most 128 KB large');
    const payload = Buffer.from(bytes).toString('base64');
    const receivedAtMs = clock.nowMs();
    await enqueue([JSON.stringify({ payload, siteId: String(siteId), gatewayId, receivedAtMs })]);
    return succeed({ accepted: 1 });
  };

const withPlace = ({ siteId, gatewayId }: Device, message: object) =>
  JSON.stringify({ ...message, topicSiteId: String(siteId), topicGatewayId: gatewayId });

/** Safety events, to the same queue and use case as those over MQTT. */
export const forwardSafety =
  ({ enqueue }: { readonly enqueue: Enqueue }) =>
  async (who: Device, events: readonly SafetyEvent[]): Promise<Accepted> => {
    if (!events.every((event) => isOwn(who, event))) return notOwn;
    await enqueue(events.map((event) => withPlace(who, event)));
    return succeed({ accepted: events.length });
  };

/** What of its telemetry a gateway no longer has, likewise. */
export const forwardGone =
  ({ enqueue }: { readonly enqueue: Enqueue }) =>
  async (who: Device, said: TelemetryGone): Promise<Accepted> => {
    if (!isOwn(who, said)) return notOwn;
    await enqueue([withPlace(who, said)]);
    return succeed({ accepted: 1 });
  };
