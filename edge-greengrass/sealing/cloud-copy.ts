import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import {
  type GatewaySealedMessage,
  type InventoryPart,
  inventoryPart,
} from '../../contracts/gateway-sealing.ts';
import type { SealingContext } from '../../contracts/sealed.ts';
import { uplinks } from '../../contracts/topics.ts';
import type { ConfiguredMiner, GatewayConfig } from '../config.ts';
import type { Log } from '../log.ts';
import type { Outbox } from '../state/outbox.ts';
import type { StateFile } from '../state/state-file.ts';
import type { EdgeSealing } from './edge-sealing.ts';
import { openInventory, sealInventory } from './inventory.ts';
import { SealingError } from './sealing-error.ts';
import { writeSecretFile } from './secret-file.ts';

type Deps = {
  readonly config: GatewayConfig;
  readonly stateDir: string;
  readonly sealing: EdgeSealing;
  readonly state: StateFile;
  readonly outbox: Outbox;
  readonly wake: () => void;
  readonly nowMs: () => number;
  readonly log: Log;
  readonly stopping: AbortSignal;
  /** Called with what the cloud kept for this gateway, when it has no miners of its own. */
  readonly onInventory?: ((miners: readonly ConfiguredMiner[]) => Promise<void>) | undefined;
};

const marker = z.object({ digest: z.string() });
const longestWaitMs = 15 * 60_000;

/**
 * What the cloud holds for this gateway and cannot read: it is told the gateway's public key once, and gets the sealed inventory
 * whenever that changed. A gateway without miners takes an inventory back; one that has miners ignores it, so that
 * nobody can put old addresses in the place of new ones.
 */
export const cloudCopy = (deps: Deps) => {
  const { config, stateDir, sealing, state, outbox, wake, nowMs, log, stopping } = deps;
  const { siteId, gatewayId, miners } = config;
  const place = { version: 1, siteId, gatewayId } as const;
  const markerFile = join(stateDir, 'inventory-backup.json');
  const context: SealingContext = {
    tenant: config.sealing.tenant,
    site: siteId,
    gateway: gatewayId,
    purpose: 'inventory-backup',
  };
  const put = (message: GatewaySealedMessage) =>
    outbox.put(uplinks.sealed(config), new TextEncoder().encode(JSON.stringify(message)));

  const announce = () => {
    const { publicKey } = sealing.keys;
    const name = `sealing_key_${createHash('sha256').update(publicKey).digest('hex').slice(0, 16)}`;
    if (state.counter(name) > 0) return;
    state.transact(() => {
      put({ ...place, kind: 'key', atMs: nowMs(), publicKey: Buffer.from(publicKey).toString('base64') });
      state.setCounter(name, 1);
    });
    wake();
  };

  const backUp = async () => {
    if (!sealing.backup || miners.length === 0) return;
    const digest = createHash('sha256')
      .update(JSON.stringify(miners))
      .update(sealing.keys.publicKey)
      .digest('hex');
    if (
      existsSync(markerFile) &&
      marker.safeParse(JSON.parse(readFileSync(markerFile, 'utf8'))).data?.digest === digest
    )
      return;
    for (let waitMs = 5_000; ; waitMs = Math.min(longestWaitMs, waitMs * 2)) {
      try {
        const sealed = await sealInventory(await sealing.backup(), miners, context);
        const backupId = `${nowMs().toString(16).padStart(12, '0')}${randomBytes(8).toString('hex')}`;
        const parts = sealed.length;
        state.transact(() => {
          for (const [part, value] of sealed.entries())
            put({
              ...place,
              kind: 'inventory',
              atMs: nowMs(),
              backupId,
              part,
              parts,
              miners: miners.length,
              sealed: value,
            });
        });
        writeSecretFile(markerFile, JSON.stringify({ digest }));
        wake();
        log('info', 'inventory_sealed', { parts, miners: miners.length });
        return;
      } catch (error) {
        const fault = error instanceof SealingError ? error.fault : 'unavailable';
        log('warn', 'inventory_not_sealed', { fault });
        await pause(waitMs, undefined, { signal: stopping }).catch(() => undefined);
        if (stopping.aborted) return;
      }
    }
  };

  const collected = new Map<string, Map<number, InventoryPart>>();
  const take = async (payload: Uint8Array): Promise<void> => {
    if (miners.length > 0 || !sealing.backup || !deps.onInventory) return;
    const parsed = inventoryPart.safeParse(jsonOf(payload));
    if (!parsed.success || parsed.data.siteId !== siteId || parsed.data.gatewayId !== gatewayId) return;
    const { backupId, part, parts } = parsed.data;
    const ofBackup = collected.get(backupId) ?? new Map<number, InventoryPart>();
    collected.set(backupId, ofBackup.set(part, parsed.data));
    if (ofBackup.size < parts) return;
    const inOrder = [...ofBackup.values()].toSorted((one, other) => one.part - other.part);
    try {
      const wrapper = await sealing.backup();
      const restored = await openInventory(
        wrapper,
        inOrder.map(({ sealed }) => sealed),
        context,
      );
      log('info', 'inventory_restored', { miners: restored.length });
      await deps.onInventory(restored);
    } catch (error) {
      if (error instanceof SealingError && error.isPassing) throw error;
      collected.delete(backupId);
      log('error', 'inventory_not_restored', {
        fault: error instanceof SealingError ? error.fault : 'unknown',
      });
    }
  };

  return { announce, backUp, take };
};

const jsonOf = (payload: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch {
    return undefined;
  }
};
