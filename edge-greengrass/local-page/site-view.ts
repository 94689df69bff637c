import type { SafetyEvent } from '../../contracts/command.ts';
import { codeInWords } from '../../contracts/error-codes/error-table.ts';
import type { MinerState } from '../../contracts/reading.ts';
import type { Agent } from '../agent.ts';
import type { ReadingRow, ShardView, SiteState, SweepView } from './site-state.ts';

export type GatewayStatus = ReturnType<Agent['status']>;
/** Who the gateway is and how it is told to poll; what stands here may be shown to anyone on the machine. */
export type GatewayFacts = {
  readonly siteId: number;
  readonly gatewayId: string;
  readonly version: string;
  readonly pollIntervalMs: number;
  readonly sweepMs: number;
};

/** What the page shows above its table. */
export type SiteView = {
  readonly gateway: GatewayFacts;
  readonly atMs: number;
  readonly startedAtMs: number;
  readonly line: { readonly up: boolean; readonly sinceMs: number };
  readonly halted: boolean;
  readonly waiting: number;
  readonly spool: GatewayStatus['spool'];
  readonly configured: number;
  readonly unheard: number;
  readonly shards: readonly ShardView[];
  readonly lastSweep: SweepView | undefined;
  readonly configFault: { readonly atMs: number; readonly reason: string } | undefined;
  readonly safety: readonly Pick<SafetyEvent, 'atMs' | 'kind' | 'code' | 'detail' | 'minerId'>[];
};

const shownEvents = 50;

export const siteView = (
  site: SiteState,
  gateway: GatewayFacts,
  status: GatewayStatus,
  nowMs: number,
): SiteView => ({
  gateway,
  atMs: nowMs,
  startedAtMs: site.startedAtMs,
  line: site.line(),
  halted: status.halted,
  waiting: status.waiting,
  spool: status.spool,
  configured: site.configured(),
  unheard: site.unheard(),
  shards: site.shards(),
  lastSweep: site.lastSweep(),
  configFault: site.lastConfigFault(),
  safety: site
    .safetyEvents()
    .slice(0, shownEvents)
    .map(({ atMs, kind, code, detail, minerId }) => ({ atMs, kind, code, detail, minerId })),
});

export type ReadingQuery = {
  readonly text?: string | undefined;
  readonly state?: MinerState | undefined;
  readonly shard?: number | undefined;
  readonly limit: number;
};

/** The newest readings whose miner's id contains the text, of a state, of a shard; by id, with their error codes in words. */
export const findReadings = (site: SiteState, { text = '', state, shard, limit }: ReadingQuery) => {
  const wanted = text.toLowerCase();
  const found: ReadingRow[] = [];
  for (const row of site.readings()) {
    if (state !== undefined && row.state !== state) continue;
    if (shard !== undefined && row.shard !== shard) continue;
    if (row.minerId.toLowerCase().includes(wanted)) found.push(row);
  }
  found.sort((a, b) => (a.minerId < b.minerId ? -1 : 1));
  const rows = found.slice(0, limit).map((row) => ({
    ...row,
    errors: (row.errorCodes ?? []).map((code) => codeInWords(site.vendorOf(row.minerId), code)),
  }));
  return { total: found.length, rows };
};

export type Health = {
  readonly healthy: boolean;
  readonly version: string;
  readonly startedAtMs: number;
  /** Ended since the start. */
  readonly sweeps: number;
  /** The line is told and does not count: a restart would not bring it back. */
  readonly line: boolean;
  readonly polling: boolean;
  readonly state: boolean;
};

/** Healthy while sweeps end as they should and the state file takes writes. */
export const healthOf = (
  site: SiteState,
  { version, pollIntervalMs, sweepMs }: GatewayFacts,
  { online, writable }: { readonly online: boolean; readonly writable: boolean },
  nowMs: number,
): Health => {
  const patienceMs = 3 * pollIntervalMs + 2 * sweepMs;
  const polling = nowMs - (site.lastSweep()?.endedAtMs ?? site.startedAtMs) <= patienceMs;
  return {
    healthy: polling && writable,
    version,
    startedAtMs: site.startedAtMs,
    sweeps: site.tallies().sweeps,
    line: online,
    polling,
    state: writable,
  };
};
