import type { MeterUnit, Usage } from '../../local/metering/meter.ts';

const others = /HashInsight(Advisor|Alerting|Audit|Console|Control|Identity)/i;

/** Telemetry, the table of miners that it reads, and the key and the bus that it uses. */
export const isTelemetry = (name: string) => !others.test(name);

/** The use of telemetry, or of everything else. */
export const ofTelemetry = (usage: Usage, wanted = true): Usage =>
  Object.fromEntries(
    Object.entries(usage).map(([unit, used]): [MeterUnit | string, Record<string, number>] => [
      unit,
      Object.fromEntries(Object.entries(used).filter(([name]) => isTelemetry(name) === wanted)),
    ]),
  );
