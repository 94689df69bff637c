import * as z from 'zod';
import { commandEnvelope, commandResponse, safetyEvent } from './command.ts';
import { claimCode, csrPem, gatewayCredentialSet, zoneBinding } from './gateway-keys.ts';
import { haltMessage } from './halt.ts';
import { epochMs, gatewayId, siteId } from './identifiers.ts';
import { telemetryGone, telemetryReceipt } from './telemetry-receipt.ts';

/** The edge API of `000` §8.1. Everything but registration needs `Authorization: Bearer <device token>`. */

export const registerRequest = z.strictObject({ claim: claimCode, csr_pem: csrPem });
export const registerAnswer = z.strictObject({
  site_id: siteId,
  gateway_id: gatewayId,
  zone_ids: zoneBinding,
  credentials: gatewayCredentialSet,
});
export type RegisterAnswer = z.infer<typeof registerAnswer>;

/** Asks for the next set of credentials, with a certificate where a request for one is sent along. */
export const rotateRequest = z.strictObject({ csr_pem: csrPem.optional() });
export const rotateAnswer = z.strictObject({ credentials: gatewayCredentialSet });

export const credentialsStatus = z.strictObject({
  generation: z.int(),
  token_expires_at_ms: epochMs,
  /** Somebody asked that this gateway replace its credentials now. */
  rotate: z.boolean(),
});

export const longestPollS = 20;
export const mostPolled = 25;
export const pollQuery = z.strictObject({
  /** The highest sequence that the gateway has decided on. Older envelopes would be refused anyway. */
  after: z.coerce.number().int().nonnegative().default(0),
  /** How long to wait for a command where there is none, in seconds. */
  wait_s: z.coerce.number().int().min(0).max(longestPollS).default(longestPollS),
  /** The epoch of the last halt message that the gateway took. */
  halt_epoch: z.coerce.number().int().min(-1).default(-1),
});
export const pollAnswer = z.strictObject({
  /** In the order of their sequences; the same envelopes as over MQTT. */
  commands: z.array(commandEnvelope).max(mostPolled),
  /** Where it is not the one that the gateway named. */
  halt: haltMessage.optional(),
  /** Somebody asked that this gateway rotate its credentials now. */
  rotate: z.boolean(),
  now_ms: epochMs,
});
export type PollAnswer = z.infer<typeof pollAnswer>;

export const ackPath = z.strictObject({ command_id: z.string().min(1).max(64) });
/** The same answer as over MQTT, with the same meaning. */
export const ackRequest = commandResponse;
export const ackAnswer = z.strictObject({ command_id: z.string(), recorded: z.literal(true) });

/** The bytes of a packed batch (contracts/telemetry-batch.ts), as over MQTT. */
export const telemetryMediaTypes = [
  'application/octet-stream',
  'application/vnd.hashinsight.telemetry',
] as const;
/** Durable; a receipt says what of it was taken in. */
export const acceptedAnswer = z.strictObject({ accepted: z.int().nonnegative() });

export const safetyBatch = z.strictObject({ events: z.array(safetyEvent).min(1).max(100) });
export const goneRequest = telemetryGone;
/** The receipt as over MQTT; left out before anything of this gateway is durable. */
export const receiptAnswer = z.strictObject({ receipt: telemetryReceipt.optional() });
