import { type Principal, reachesSite } from '../../contracts/access.ts';
import type { Policy } from '../../contracts/api-control.ts';
import type { Vendor } from '../../contracts/capabilities/firmware-table.ts';
import type { MinerOrderType } from '../../contracts/command.ts';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import type { TransactItem } from '../audit/commit-with-audit.ts';
import type { SealOrder } from '../sealing/seal-orders.ts';
import type { Clock } from '../shared/clock.ts';
import { fail, type Result, succeed } from '../shared/result.ts';
import type { CommandRecord } from './command.ts';
import type { Inserted } from './command-repository.ts';
import { defaultPolicy, isWithin, type StoredPolicy } from './policy.ts';

type Site = { readonly site_id: number; readonly time_zone: string };
export type TargetMiner = {
  readonly minerId: string;
  readonly vendor: Vendor;
  readonly model: string;
  readonly zoneId: string;
  readonly customerId?: string | undefined;
  readonly gatewayId: string;
  readonly ratedPowerW: number;
  /** Out of use: it takes no order. */
  readonly retired?: boolean | undefined;
};

/** What people's requests need of the fleet, of the site's policies and of the table. */
export type RequestDeps = {
  readonly readSite: (tenantId: string, siteId: number) => Promise<Site | undefined>;
  readonly readMiner: (siteId: number, minerId: string) => Promise<TargetMiner | undefined>;
  readonly readPolicy: (siteId: number, type: MinerOrderType) => Promise<StoredPolicy | undefined>;
  readonly readCommand: (siteId: number, commandId: string) => Promise<CommandRecord | undefined>;
  readonly findByDedupeKey: (
    siteId: number,
    dedupeKey: string,
  ) => Promise<{ readonly command: CommandRecord; readonly requestHash?: string | undefined } | undefined>;
  readonly insertCommand: (
    command: CommandRecord,
    events: readonly NewDomainEvent[],
    others: readonly TransactItem[],
    requestHash: string,
  ) => Promise<Inserted>;
  /** The writes that count orders against their quotas, in the order of the site's and the person's. */
  readonly quotaItems: (order: QuotaUse) => TransactItem[];
  /** Seals what of an order only its gateways may read. */
  readonly sealOrder: SealOrder;
  readonly clock: Clock;
};

export type QuotaUse = {
  readonly siteId: number;
  readonly type: string;
  readonly userId: number;
  readonly miners: number;
  readonly limits: Policy['quota_per_hour'];
  readonly nowMs: number;
};

/** The site, where the tenant has it and the account reaches it; else it is not found. */
export const reachSite = async (
  { readSite }: Pick<RequestDeps, 'readSite'>,
  who: Principal,
  siteId: number,
): Promise<Result<Site>> => {
  const site = reachesSite(who, siteId) ? await readSite(who.tenantId, siteId) : undefined;
  return site ? succeed(site) : fail('not_found', 'Site not found');
};

/** What holds for a type at a site. */
export const policyFor = async (
  { readPolicy }: Pick<RequestDeps, 'readPolicy'>,
  siteId: number,
  type: MinerOrderType,
): Promise<Policy> => (await readPolicy(siteId, type))?.policy ?? defaultPolicy(type);

export const outsideWindow = (type: string) =>
  fail('invalid_state', `${type} is not allowed at this time of day by the site's policy`);

export const windowIsOpen = (policy: Policy, { time_zone }: Pick<Site, 'time_zone'>, nowMs: number) =>
  isWithin(policy.windows, time_zone, nowMs);
