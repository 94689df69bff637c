import type * as z from 'zod';
import { done, health, inventory, physicalState, problem, siteSummarySchema } from './control/messages.ts';
import type { FaultInput, FaultKind } from './faults.ts';
import type { InventoryEntry } from './site/inventory.ts';
import type { PhysicalState } from './site/physical.ts';
import type { SiteSummary } from './site/site-summary.ts';

/** Thrown when the simulator refuses a request; the message is its own. */
export class SimulatorRefusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.name = 'SimulatorRefusal';
    this.status = status;
  }
}

export type ControlClient = {
  readonly health: () => Promise<z.infer<typeof health>>;
  readonly inventory: () => Promise<InventoryEntry[]>;
  readonly physical: (minerId: string) => Promise<PhysicalState>;
  readonly summary: () => Promise<SiteSummary>;
  /** `target` is a miner's id or a zone's. */
  readonly inject: (target: string, fault: FaultInput) => Promise<void>;
  readonly clear: (target: string, kind?: FaultKind) => Promise<void>;
  readonly setSpeed: (speed: number) => Promise<void>;
};

/** A client of the simulator's control API at `controlUrl`. Its calls reject with SimulatorRefusal, or as fetch does. */
export const controlClient = (controlUrl: string): ControlClient => {
  const call = async <Schema extends z.ZodType>(
    schema: Schema,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<z.infer<Schema>> => {
    const response = await fetch(new URL(path, controlUrl), {
      method,
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { 'Content-Type': 'application/json' },
      }),
    });
    const answer: unknown = await response.json();
    if (response.ok) return schema.parse(answer);
    const refusal = problem.safeParse(answer);
    throw new SimulatorRefusal(
      response.status,
      refusal.success ? refusal.data.error : `status ${response.status}`,
    );
  };
  return {
    health: () => call(health, 'GET', '/health'),
    inventory: async () => (await call(inventory, 'GET', '/inventory')).miners,
    physical: (minerId) => call(physicalState, 'GET', `/physical/${encodeURIComponent(minerId)}`),
    summary: () => call(siteSummarySchema, 'GET', '/physical?summary'),
    inject: async (target, fault) => {
      await call(done, 'POST', '/faults', { target, fault });
    },
    clear: async (target, kind) => {
      await call(done, 'DELETE', `/faults/${encodeURIComponent(target)}${kind ? `?kind=${kind}` : ''}`);
    },
    setSpeed: async (speed) => {
      await call(done, 'POST', '/speed', { speed });
    },
  };
};
