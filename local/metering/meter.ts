/**
 * What a bill is made of, by the name of the unit. A flow grows with time and is priced by what was used of it; a level
 * is there or not, and is priced by the month.
 */
export const meterUnits = {
  'dynamodb.writeRequestUnits': 'flow',
  'dynamodb.readRequestUnits': 'flow',
  /** Bytes that were written times the seconds until their time to live ends: over a month, what lies there on average. */
  'dynamodb.byteSeconds': 'flow',
  /** Bytes of items without a time to live. */
  'dynamodb.keptBytes': 'level',
  's3.tier1Requests': 'flow',
  's3.tier2Requests': 'flow',
  's3.byteSeconds': 'flow',
  's3.keptBytes': 'level',
  'sqs.requests': 'flow',
  'iot.messages': 'flow',
  'iot.rulesTriggered': 'flow',
  'iot.actionsExecuted': 'flow',
  'iot.basicIngestMessages': 'flow',
  'iot.connections': 'level',
  'lambda.requests': 'flow',
  'lambda.gbSeconds': 'flow',
  'xray.tracedRequests': 'flow',
  'logs.ingestedBytes': 'flow',
  'cloudwatch.customMetrics': 'level',
  'eventbridge.customEvents': 'flow',
  'stepfunctions.transitions': 'flow',
  'kms.requests': 'flow',
  'apigateway.requests': 'flow',
  'transfer.outBytes': 'flow',
} as const satisfies Record<string, 'flow' | 'level'>;
export type MeterUnit = keyof typeof meterUnits;

/** Amounts by unit and by what used them, such as a function, `<table> <kind of key>` or `<bucket>/<prefix>`. */
export type Usage = Readonly<Partial<Record<MeterUnit, Readonly<Record<string, number>>>>>;

/** Where the local services report what a request uses. */
export type Meter = {
  readonly count: (unit: MeterUnit, used: string, amount: number) => void;
  /** Counts one of a level the first time that this name is seen. */
  readonly see: (unit: MeterUnit, name: string) => void;
};

/** Adds up in memory. */
export const createMeter = (): Meter & { readonly read: () => Usage } => {
  const amounts = new Map<MeterUnit, Map<string, number>>();
  const of = (unit: MeterUnit) => {
    const known = amounts.get(unit) ?? new Map<string, number>();
    amounts.set(unit, known);
    return known;
  };
  return {
    count: (unit, used, amount) => {
      if (amount !== 0) of(unit).set(used, (of(unit).get(used) ?? 0) + amount);
    },
    see: (unit, name) => void of(unit).set(name, 1),
    read: () => Object.fromEntries([...amounts].map(([unit, used]) => [unit, Object.fromEntries(used)])),
  };
};

/** How many pieces of `size` bytes a request is billed as; at least one. */
export const chunks = (bytes: number, size: number): number => Math.max(1, Math.ceil(bytes / size));
