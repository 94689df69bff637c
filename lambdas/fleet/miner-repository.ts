import type * as z from 'zod';
import type { newMiner } from '../../contracts/api-miners.ts';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import { stateEvent } from '../audit/commit-with-audit.ts';
import type { Failure, Result } from '../shared/result.ts';
import {
  asResult,
  commitSteps,
  countStep,
  failureOf,
  insertStep,
  inUseStep,
  replaceStep,
  type Step,
} from './commit-steps.ts';
import { fleetKeys, type StoredMiner } from './fleet-keys.ts';
import type { FleetWriter } from './fleet-repository.ts';
import { type Doing, refTo } from './life-cycle.ts';
import type { Registry } from './miner-registry.ts';

export type NewMiner = z.output<typeof newMiner>;

/** A miner to be written: in place of the version that it was read in, or new. */
export type MinerWrite = { readonly before?: StoredMiner; readonly after: StoredMiner };

/** DynamoDB takes 100 items at once; two are the audit chain's, and up to seven more its events. */
const mostItems = 90;
const mostMiners = 80;

const itemOf = (siteId: number, { owners, ...miner }: StoredMiner) => ({
  ...miner,
  owners: [...owners],
  gateway_pk: fleetKeys.minersOfGateway(miner.gateway_id),
  ...fleetKeys.miner(siteId, miner.miner_id),
});

/** Where a miner is put that was not there before, and whose it becomes: all of it must be in use. */
const placesOf = ({ before, after }: MinerWrite): string[] => {
  const returns = before?.status !== 'active' && after.status === 'active';
  const moves = returns || before?.zone_id !== after.zone_id;
  const last = after.owners.at(-1)?.customer_id;
  return [
    ...(moves ? [`zone_id ${after.zone_id}`] : []),
    // In another zone the same gateway must be one that serves it.
    ...(moves || before?.gateway_id !== after.gateway_id ? [`gateway_id ${after.gateway_id}`] : []),
    ...(last && before?.owners.at(-1)?.customer_id !== last ? [`customer_id ${last}`] : []),
  ];
};

const placeStep = (TableName: string, siteId: number, place: string, part: readonly MinerWrite[]): Step => {
  const [field = '', id = ''] = place.split(' ');
  switch (field) {
    case 'zone_id':
      return inUseStep(TableName, fleetKeys.zone(siteId, id), `zone ${id}`, field);
    case 'gateway_id':
      return servesStep(
        TableName,
        siteId,
        id,
        part.filter((write) => placesOf(write).includes(place)),
      );
    default:
      return inUseStep(TableName, fleetKeys.customer(siteId, id), `customer ${id}`, field);
  }
};

/** The gateway is there and serves every zone in which these miners are to be. */
const servesStep = (
  TableName: string,
  siteId: number,
  gatewayId: string,
  writes: readonly MinerWrite[],
): Step => {
  const zones = [...new Set(writes.map(({ after }) => after.zone_id))];
  const served = zones.map((_, at) => `contains(zone_ids, :zone${at})`).join(' AND ');
  return {
    item: {
      ConditionCheck: {
        TableName,
        Key: fleetKeys.gateway(siteId, gatewayId),
        ConditionExpression: `attribute_exists(pk) AND (attribute_not_exists(zone_ids) OR zone_ids = :all OR (${served}))`,
        ExpressionAttributeValues: {
          ':all': 'all',
          ...Object.fromEntries(zones.map((zone, at) => [`:zone${at}`, zone])),
        },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      },
    },
    refusal: (current) =>
      failureOf(
        'validation_failed',
        current
          ? `gateway_id: gateway ${gatewayId} does not serve every zone of these miners (${zones.slice(0, 5).join(', ')})`
          : `gateway_id: gateway ${gatewayId} is not of this site`,
        'gateway_id',
      ),
  };
};

/** Parts that one transaction can take, with everything that their miners are put into. */
export const inParts = (writes: readonly MinerWrite[]): MinerWrite[][] => {
  const parts: MinerWrite[][] = [];
  let places = new Set<string>();
  for (const write of writes) {
    const part = parts.at(-1);
    const more = new Set([...places, ...placesOf(write)]);
    if (part && part.length < mostMiners && part.length + 1 + more.size + 2 <= mostItems) {
      part.push(write);
      places = more;
    } else {
      parts.push([write]);
      places = new Set(placesOf(write));
    }
  }
  return parts;
};

/** Why a part was not written: because of this miner, or of the miners that were to go to a place. */
export type PartRefusal = {
  readonly failure: Failure;
  readonly minerIds: ReadonlySet<string>;
};

/** Writes a part: all of its miners with their audit events, or none. */
export const writePart =
  (store: FleetWriter) =>
  async (
    doing: Doing,
    part: readonly MinerWrite[],
    events: readonly NewDomainEvent[],
  ): Promise<{ readonly ok: true } | ({ readonly ok: false } & PartRefusal)> => {
    const { fleetTable } = store;
    const { siteId, tenantId } = doing;
    const places = [...new Set(part.flatMap(placesOf))];
    const steps: Step[] = [
      ...part.map(({ before, after }) => {
        const key = fleetKeys.miner(siteId, after.miner_id);
        const item = itemOf(siteId, after);
        return before
          ? replaceStep(fleetTable, key, item, before.version, `Miner ${after.miner_id}`)
          : insertStep(fleetTable, key, item, `miner_id ${after.miner_id} exists already`);
      }),
      ...places.map((place) => placeStep(fleetTable, siteId, place, part)),
      inUseStep(fleetTable, fleetKeys.site(tenantId, siteId), 'Site'),
      countStep(fleetTable, fleetKeys.registry(siteId)),
    ];
    const committed = await commitSteps(store)(steps, events);
    if (committed.ok) return committed;
    const { failure, step } = committed;
    const place = places[step - part.length];
    const hindered =
      step < part.length
        ? part.slice(step, step + 1)
        : place === undefined
          ? part
          : part.filter((write) => placesOf(write).includes(place));
    return { ok: false, failure, minerIds: new Set(hindered.map(({ after }) => after.miner_id)) };
  };

/** Of what was left of a refused part: what can still be written, and what somebody else has written meanwhile. */
export const sortOut = <W extends MinerWrite>(
  writes: readonly W[],
  { miners }: Registry,
): { readonly open: W[]; readonly overtaken: W[] } => {
  const isOpen = ({ before, after }: W) => miners.get(after.miner_id)?.version === before?.version;
  return { open: writes.filter(isOpen), overtaken: writes.filter((write) => !isOpen(write)) };
};

export const registeredEvent = (doing: Doing, part: readonly MinerWrite[], reason?: string): NewDomainEvent =>
  stateEvent({
    ...refTo(doing, 'site', String(doing.siteId)),
    type: 'fleet.miners.registered',
    payload: {
      miner_ids: part.map(({ after }) => after.miner_id),
      ...(reason !== undefined && { reason }),
    },
  });

export const writeAtOnce =
  (store: FleetWriter) =>
  async <T>(
    doing: Doing,
    writes: readonly MinerWrite[],
    events: readonly NewDomainEvent[],
    value: T,
  ): Promise<Result<T>> => {
    const written = await writePart(store)(doing, writes, events);
    return asResult(written.ok ? written : { ...written, step: 0 }, value);
  };
