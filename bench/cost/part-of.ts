import type { MeterUnit, Usage } from '../../local/metering/meter.ts';

/** The contexts of the product. Telemetry needs the table of miners that it reads, and the key and the bus that it uses. */
const contexts = {
  Advisor: 'other',
  Alerting: 'other',
  Audit: 'other',
  Console: 'other',
  Control: 'other',
  Events: 'telemetry',
  Fleet: 'telemetry',
  Gateway: 'other',
  Identity: 'other',
  Legacy: 'other',
  People: 'other',
  Platform: 'telemetry',
  Sealing: 'other',
  Telemetry: 'telemetry',
  Webhooks: 'other',
} as const satisfies Readonly<Record<string, 'telemetry' | 'other'>>;

const others = new RegExp(
  `HashInsight(${Object.entries(contexts)
    .flatMap(([name, part]) => (part === 'other' ? [name] : []))
    .join('|')})`,
  'i',
);

/** Whether a resource, named after its stack, is telemetry's. What is named after no stack is. */
export const isTelemetry = (name: string) => !others.test(name);

/** Throws RangeError for a stack whose context nobody has put on one side or the other. */
export const isTelemetryStack = (name: string): boolean => {
  const part = new Map<string, string>(Object.entries(contexts)).get(name.replace(/^HashInsight/, ''));
  if (part === undefined)
    throw new RangeError(`${name}: bench/cost/part-of.ts does not say whose cost it is`);
  return part === 'telemetry';
};

/** The use of telemetry, or of everything else. */
export const ofTelemetry = (usage: Usage, wanted = true): Usage =>
  Object.fromEntries(
    Object.entries(usage).map(([unit, used]): [MeterUnit | string, Record<string, number>] => [
      unit,
      Object.fromEntries(Object.entries(used).filter(([name]) => isTelemetry(name) === wanted)),
    ]),
  );
