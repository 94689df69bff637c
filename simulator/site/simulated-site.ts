import { type Fault, type FaultInput, type FaultKind, fault as faultSchema } from '../faults.ts';
import type { Vendor } from '../physics/models.ts';
import { WebServer } from '../wire/web-server.ts';
import { type InventoryEntry, identitiesOf, type Mix, usualMix } from './inventory.ts';
import { type EndpointPorts, MinerEndpoint } from './miner-endpoint.ts';
import { type PhysicalState, physicalStateOf } from './physical.ts';
import type { Pool } from './settings.ts';
import { SimClock } from './sim-clock.ts';
import { SimulatedMiner } from './simulated-miner.ts';
import { type SiteSummary, siteSummary } from './site-summary.ts';
import { ZoneAir } from './zone-air.ts';

export type SiteOptions = {
  readonly miners: number;
  readonly seed: number;
  /** Simulated seconds per second of wall time. */
  readonly speed: number;
  readonly mix?: Mix;
  /** How many zones; by default one for every 50 miners. */
  readonly zones?: number;
  readonly host?: string;
  /** First port of a consecutive run (two for each miner, then one each for API 3); by default the system chooses. */
  readonly basePort?: number;
  /** Gives each miner an address of its own under 127/8 and these ports, as on a real site. Not on macOS. */
  readonly vendorPorts?: {
    readonly rpcPort: number;
    readonly httpPort: number;
    /** The addresses' second octet; 64 by default. */
    readonly net?: number;
    /** From the first host's address on, every so many-th is a miner's; without it each, from the net's own address on. */
    readonly step?: number;
    /** Lets another process listen at the same ports for the addresses that are no miner's. */
    readonly shared?: boolean;
  };
  /** Passwords in place of the usual ones, for whoever looks for traces of them. */
  readonly passwords?: Readonly<Partial<Record<Vendor, string>>>;
  /** Wall time of the miners' clocks, for `When` and the life of tokens. */
  readonly nowMs?: () => number;
  /** A steady clock in milliseconds that drives simulated time; by default the process's own. */
  readonly steadyMs?: () => number;
};

const pools: readonly Pool[] = [
  { url: 'stratum+tcp://pool.example.com:3333', user: 'hashinsight.sim', password: 'x' },
  { url: 'stratum+tcp://pool2.example.com:3333', user: 'hashinsight.sim', password: 'x' },
  { url: 'stratum+tcp://pool3.example.com:443', user: 'hashinsight.sim', password: 'x' },
];

/** A mining site that is not there, answering on loopback. */
export type SimulatedSite = {
  readonly inventory: () => InventoryEntry[];
  /** Injects a fault into a miner or, where the target is a zone's id, into the whole zone. Throws RangeError for an unknown target. */
  readonly inject: (target: string, fault: FaultInput) => void;
  /** Clears the faults, or those of a kind, of a miner or a zone. Throws RangeError for an unknown target. */
  readonly clear: (target: string, kind?: FaultKind) => void;
  /** Throws RangeError for an unknown miner. */
  readonly physical: (minerId: string) => PhysicalState;
  readonly summary: () => SiteSummary;
  readonly setSpeed: (speed: number) => void;
  /** New addresses under 127/8 for miners, by id, as from DHCP: all of them leave theirs first. Throws RangeError for an unknown miner. */
  readonly lease: (hosts: ReadonlyMap<string, string>) => Promise<void>;
  readonly close: () => Promise<void>;
};

/** Starts a site in steady state, every miner hashing and warm. Rejects when a wanted port is taken. */
export const startSite = async (options: SiteOptions): Promise<SimulatedSite> => {
  const { seed, miners: count } = options;
  const zoneCount = Math.min(options.zones ?? Math.max(1, Math.round(count / 50)), Math.max(count, 1));
  const nowMs = options.nowMs ?? Date.now;
  const clock = new SimClock(0, options.steadyMs);
  const web = new WebServer();
  const airs = new Map<string, ZoneAir>();
  const endpoints = new Map<string, MinerEndpoint>();

  for (const identity of identitiesOf({
    miners: count,
    zones: zoneCount,
    seed,
    mix: options.mix ?? usualMix,
  })) {
    const air = airs.get(identity.zoneId) ?? new ZoneAir(identity.zoneId, seed);
    airs.set(identity.zoneId, air);
    const miner = new SimulatedMiner(identity, { seed, clock, air, pools });
    const password = options.passwords?.[identity.vendor];
    endpoints.set(
      identity.minerId,
      new MinerEndpoint(miner, portsOf(options, identity.index), { web, seed, nowMs, password }),
    );
  }
  const closeAll = async () => {
    await Promise.all([...endpoints.values()].map((endpoint) => endpoint.close()));
    web.close();
  };
  try {
    await openInTurn([...endpoints.values()]);
  } catch (error) {
    await closeAll();
    throw error;
  }
  clock.setSpeed(options.speed);

  const find = (minerId: string): MinerEndpoint => {
    const endpoint = endpoints.get(minerId);
    if (!endpoint) throw new RangeError(`no such miner or zone: ${minerId}`);
    return endpoint;
  };
  const inZone = (zoneId: string) =>
    [...endpoints.values()].filter(({ miner }) => miner.identity.zoneId === zoneId);
  const targets = (target: string) => (airs.has(target) ? inZone(target) : [find(target)]);
  const injectOne = (endpoint: MinerEndpoint, fault: Fault) => {
    endpoint.miner.inject(fault);
    endpoint.applyFaults();
  };

  return {
    inventory: () => [...endpoints.values()].map((endpoint) => endpoint.entry()),
    inject: (target, input) => {
      const fault = faultSchema.parse(input);
      const air = airs.get(target);
      const affected = targets(target);
      if (air && fault.kind === 'hot_aisle') {
        for (const { miner } of affected) miner.catchUp();
        air.heat(fault.riseC, clock.nowS());
      } else for (const endpoint of affected) injectOne(endpoint, fault);
    },
    clear: (target, kind) => {
      const affected = targets(target);
      for (const { miner } of affected) miner.catchUp();
      if (kind === undefined || kind === 'hot_aisle') airs.get(target)?.cool();
      for (const endpoint of affected) {
        endpoint.miner.clear(kind);
        endpoint.applyFaults();
      }
    },
    physical: (minerId) => physicalStateOf(find(minerId).miner),
    summary: () =>
      siteSummary(
        [...endpoints.values()].map(({ miner }) => miner),
        {
          speed: clock.speed,
          simulatedS: clock.nowS(),
          hotZones: [...airs.values()].filter((air) => air.hot).map((air) => air.zoneId),
        },
      ),
    setSpeed: (speed) => {
      for (const { miner } of endpoints.values()) miner.catchUp();
      clock.setSpeed(speed);
    },
    lease: async (hosts) => {
      const moving = [...hosts].map(([minerId, host]) => ({ endpoint: find(minerId), host }));
      await Promise.all(moving.map(({ endpoint }) => endpoint.close()));
      for (const { endpoint, host } of moving) endpoint.lease(host);
      const open = moving.filter(({ endpoint }) => endpoint.miner.wireTrouble !== 'refuse');
      await openInTurn(open.map(({ endpoint }) => endpoint));
    },
    close: closeAll,
  };
};

/** Of MicroBT's API 3. */
const vendorFramePort = 4433;

const portsOf = (options: SiteOptions, index: number): EndpointPorts => {
  if (options.vendorPorts) {
    const { net = 64, step, shared = false, ...ports } = options.vendorPorts;
    const place = step === undefined ? index : 1 + index * step;
    const host = `127.${net + (place >> 16)}.${(place >> 8) & 255}.${place & 255}`;
    return { host, framePort: vendorFramePort, vendors: true, shared, ...ports };
  }
  const host = options.host ?? '127.0.0.1';
  if (!/^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host))
    throw new RangeError('a simulated site listens on 127.0.0.0/8 only');
  const { basePort, miners } = options;
  if (basePort === undefined) return { host, rpcPort: 0, httpPort: 0, framePort: 0, vendors: false };
  return {
    host,
    rpcPort: basePort + 2 * index,
    httpPort: basePort + 2 * index + 1,
    framePort: basePort + 2 * miners + index,
    vendors: false,
  };
};

/** Opens listeners a few hundred at a time, so that thousands do not starve the event loop. */
const openInTurn = async (endpoints: readonly MinerEndpoint[]) => {
  const group = 256;
  for (let from = 0; from < endpoints.length; from += group)
    await Promise.all(endpoints.slice(from, from + group).map((endpoint) => endpoint.open()));
};
