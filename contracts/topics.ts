/** Every MQTT topic of the product. Uplinks go through Basic Ingest, so the rule's name stands before the topic. */
export const ruleNames = {
  telemetry: 'hashinsight_telemetry',
  commandResponse: 'hashinsight_command_response',
  safety: 'hashinsight_safety',
  gone: 'hashinsight_telemetry_gone',
  sealed: 'hashinsight_sealed',
  /** Not an uplink: AWS IoT's own lifecycle events. */
  connected: 'hashinsight_gateway_connected',
} as const;

type Place = { readonly siteId: number; readonly gatewayId: string };
const basicIngest = (rule: string, topic: string) => `$aws/rules/${rule}/${topic}`;

export const topics = {
  /** Packed telemetry batches (contracts/telemetry-batch.ts), binary. */
  telemetry: ({ siteId, gatewayId }: Place) => `dt/hashinsight/${siteId}/${gatewayId}/telemetry`,
  /** Signed commands to the gateway (contracts/command-messages.ts), JSON. */
  commandRequest: ({ siteId, gatewayId }: Place) => `cmd/hashinsight/${siteId}/${gatewayId}/request`,
  /** Whether remote writes are forbidden at the gateway (contracts/halt.ts), JSON, retained, to the gateway. */
  halt: ({ siteId, gatewayId }: Place) => `cmd/hashinsight/${siteId}/${gatewayId}/halt`,
  /** The gateway's answers (contracts/command-messages.ts), JSON. */
  commandResponse: ({ siteId, gatewayId }: Place) => `cmd/hashinsight/${siteId}/${gatewayId}/response`,
  /** What of a gateway's telemetry is durable and what is missing (contracts/telemetry-receipt.ts), JSON, to the gateway. */
  receipt: ({ siteId, gatewayId }: Place) => `dt/hashinsight/${siteId}/${gatewayId}/receipt`,
  /** Batches that the gateway no longer has though they were asked for again (contracts/telemetry-receipt.ts), JSON. */
  gone: ({ siteId, gatewayId }: Place) => `dt/hashinsight/${siteId}/${gatewayId}/gone`,
  /** Its sealing key and its sealed inventory (contracts/gateway-sealing.ts), JSON. */
  sealed: ({ siteId, gatewayId }: Place) => `dt/hashinsight/${siteId}/${gatewayId}/sealed`,
  /** The sealed inventory back to a gateway that lost it (contracts/gateway-sealing.ts), JSON. */
  inventory: ({ siteId, gatewayId }: Place) => `cfg/hashinsight/${siteId}/${gatewayId}/inventory`,
  /** Safety events, JSON. */
  safety: ({ siteId, gatewayId }: Place) => `evt/hashinsight/${siteId}/${gatewayId}/safety`,
} as const;

/** The topics as a gateway publishes them. */
export const uplinks = {
  telemetry: (place: Place) => basicIngest(ruleNames.telemetry, topics.telemetry(place)),
  commandResponse: (place: Place) => basicIngest(ruleNames.commandResponse, topics.commandResponse(place)),
  safety: (place: Place) => basicIngest(ruleNames.safety, topics.safety(place)),
  gone: (place: Place) => basicIngest(ruleNames.gone, topics.gone(place)),
  sealed: (place: Place) => basicIngest(ruleNames.sealed, topics.sealed(place)),
} as const;
