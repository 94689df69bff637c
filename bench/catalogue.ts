import { controlBenches } from './catalogue/control.ts';
import { edgeBenches } from './catalogue/edge.ts';
import type { Entry } from './catalogue/entry.ts';
import { loopBenches } from './catalogue/loop.ts';
import { telemetryBenches } from './catalogue/telemetry.ts';

/** Every bench; `telemetry` alone runs all whose names begin with it. */
export const catalogue: readonly Entry[] = [
  ...loopBenches,
  ...telemetryBenches,
  ...controlBenches,
  ...edgeBenches,
];
