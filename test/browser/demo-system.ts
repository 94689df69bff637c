import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { apiClient } from '../../local/api-client.ts';
import { loopSpeed, untilAllReport } from '../../local/loop/run-loop.ts';
import { type System, startSystem } from '../../local/system.ts';

/** The whole system with its console on free ports, in a state directory of its own that goes when it stops. */
export const startDemoSystem = async (
  miners: number,
  onTrouble: (reason: string) => void,
): Promise<System> => {
  const stateDir = mkdtempSync(join(tmpdir(), 'hashinsight-browser-'));
  const forget = () => rmSync(stateDir, { recursive: true, force: true });
  try {
    const system = await startSystem({
      miners,
      seed: 1,
      port: 0,
      stateDir,
      fresh: true,
      speed: loopSpeed,
      pollIntervalMs: 1_000,
      withConsole: true,
      onStep: () => undefined,
      onTrouble,
    });
    const close = async () => {
      await system.close();
      forget();
    };
    try {
      await untilAllReport(system, { operator: await apiClient(system.runtime.url, 'operator@demo.local') });
    } catch (error) {
      await close();
      throw error;
    }
    return { ...system, close };
  } catch (error) {
    forget();
    throw error;
  }
};
