import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { cdkOut } from '../../local/build.ts';

const manifest = z.looseObject({ artifacts: z.record(z.string(), z.looseObject({})) });
const leftOut = /^HashInsight(Advisor|Alerting|Console|Legacy)\b/;

/**
 * The synthesised app without what only listens to telemetry: diagnosis, alerts, the console and the old API. What the detectors find
 * is announced and billed, and nobody acts on it. Commands stay, as gateways ask for theirs. Answers its cdk.out below `parent`.
 */
export const writeTelemetryApp = (parent: string): string => {
  const directory = join(parent, 'cdk.out');
  mkdirSync(directory, { recursive: true });
  for (const name of readdirSync(cdkOut))
    if (name !== 'manifest.json') symlinkSync(join(cdkOut, name), join(directory, name));
  const { artifacts, ...rest } = manifest.parse(
    JSON.parse(readFileSync(join(cdkOut, 'manifest.json'), 'utf8')),
  );
  const kept = Object.fromEntries(Object.entries(artifacts).filter(([name]) => !leftOut.test(name)));
  writeFileSync(join(directory, 'manifest.json'), JSON.stringify({ ...rest, artifacts: kept }));
  return directory;
};
