/**
 * What telemetry reports of itself, by the name under which CloudWatch has it (namespace HashInsight, dimension service=telemetry
 * alone). Few and without further dimensions, since each is billed by the month; what AWS measures of queues and functions is not
 * reported again.
 */
export const telemetryMetrics = {
  /** From the broker's receipt of a batch until it is durable and judged, ms. */
  batchLag: 'BatchLagMs',
  readings: 'ReadingsIngested',
  /** Values outside their field's range, and readings without a usable time. */
  dropped: 'ValuesDropped',
  /** Readings for a five-minute window that had been rolled up before they came. */
  late: 'ReadingsLate',
  /** Batches kept aside with their reason. */
  setAside: 'BatchesSetAside',
  unknownMiners: 'UnknownMiners',
  /** Gaps that gateways are asked to fill, over all shards, at each minute's receipts. */
  gapsOpen: 'SequenceGapsOpen',
  /** Batches that a gateway no longer has: lost for good. */
  lost: 'BatchesLost',
  /** Age of the oldest batch that waits on a gateway, ms. */
  spoolOldest: 'SpoolOldestMs',
  /** How far behind its end the oldest window is that waits for its roll-up, ms. */
  rollUpBehind: 'RollUpBehindMs',
} as const;
export type TelemetryMetric = keyof typeof telemetryMetrics;
