import type * as z from 'zod';
import type { minerChange, minerSelection, minersChange, minersChanged } from '../../contracts/api-miners.ts';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import { stateEvent } from '../audit/commit-with-audit.ts';
import { toUtc } from '../shared/clock.ts';
import { type Failure, fail, type Result, succeed } from '../shared/result.ts';
import { changedMeanwhile } from './commit-steps.ts';
import type { StoredMiner } from './fleet-keys.ts';
import { type Difference, type Doing, differenceOf, isEmpty, refTo } from './life-cycle.ts';
import type { Registry } from './miner-registry.ts';
import { type MinerWrite, type PartRefusal, sortOut } from './miner-repository.ts';
import { handOver, mostTurns, ownerAt } from './ownership.ts';
import { presentMiner, selectionHash, selectMiners } from './select-miners.ts';

/** The miner as it is to be; the same one where nothing is different. */
export type PlanMiner = (miner: StoredMiner) => Result<StoredMiner>;
/** What a change comes to: the miners of one kind of event. */
export type Planned = MinerWrite & { readonly before: StoredMiner; readonly difference: Difference };

const shownFields = [
  'zone_id',
  'gateway_id',
  'model',
  'serial_number',
  'rated_hashrate_ths',
  'rated_power_w',
  'labels',
  'status',
] as const;
type Change = Partial<z.output<typeof minersChange>['change']> &
  Pick<Partial<z.output<typeof minerChange>>, 'serial_number' | 'labels'>;

/** A miner moved, rated or labelled otherwise, retired or brought back. A retired one changes only by coming back. */
export const planChange =
  ({ add_labels = [], remove_labels = [], status, ...fields }: Change, now: string): PlanMiner =>
  (miner) => {
    const next = { ...miner, status: status ?? miner.status };
    if (next.status === 'retired' && miner.status === 'retired' && status === undefined)
      return fail('invalid_state', `Miner ${miner.miner_id} is retired`);
    const { serial_number, ...rest } = fields;
    const labels = [...new Set([...(rest.labels ?? miner.labels), ...add_labels])].filter(
      (label) => !remove_labels.includes(label),
    );
    if (labels.length > 20) return fail('validation_failed', 'labels: a miner has at most 20');
    const { serial_number: oldSerial, retired_at, ...kept } = next;
    const serial = serial_number === undefined ? oldSerial : (serial_number ?? undefined);
    return succeed({
      ...kept,
      ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)),
      labels,
      ...(serial !== undefined && { serial_number: serial }),
      ...(next.status === 'retired' && { retired_at: retired_at ?? now }),
    });
  };

const dayMs = 86_400_000;
const assignmentReach = { backMs: 400 * dayMs, aheadMs: 366 * dayMs };

/** A miner handed to a customer, or to nobody, from a time on. */
export const planAssignment =
  (customer: string | null, fromMs: number): PlanMiner =>
  (miner) => {
    const owners = [...handOver(miner.owners, customer, fromMs)];
    return owners.length > mostTurns
      ? fail('invalid_state', `Miner ${miner.miner_id} has had ${mostTurns} owners; no more are kept`)
      : succeed({ ...miner, owners });
  };

/** Fails where the time is out of reach; now where none is said. */
export const assignmentStart = (from: string | undefined, nowMs: number): Result<number> => {
  const fromMs = from === undefined ? nowMs : Date.parse(from);
  const says = 'from: must be at most 400 days ago and at most 366 days ahead';
  return fromMs < nowMs - assignmentReach.backMs || fromMs > nowMs + assignmentReach.aheadMs
    ? fail('validation_failed', says, [{ field: 'from', message: says }])
    : succeed(fromMs);
};

/** What a plan makes of a miner: undefined where it stays as it is. */
export const planOne = (plan: PlanMiner, before: StoredMiner): Result<Planned | undefined> => {
  const planned = plan(before);
  if (!planned.ok) return planned;
  const shown = (miner: StoredMiner) =>
    Object.fromEntries(shownFields.map((field) => [field, miner[field] ?? null]));
  const difference = differenceOf(shown(before), shown(planned.value));
  const isHandedOver = JSON.stringify(before.owners) !== JSON.stringify(planned.value.owners);
  if (isEmpty(difference) && !isHandedOver) return succeed(undefined);
  return succeed({ before, after: { ...planned.value, version: before.version + 1 }, difference });
};

/** The events of a part: who retired, who came back, what else changed, and whose they are from when. */
export const eventsOf = (
  doing: Doing,
  part: readonly Planned[],
  reason: string | undefined,
  assigned?: { readonly customer: string | null; readonly fromMs: number },
): NewDomainEvent[] => {
  const only = part.length === 1 ? part[0]?.after.miner_id : undefined;
  const ref = only === undefined ? refTo(doing, 'site', String(doing.siteId)) : refTo(doing, 'miner', only);
  const because = reason === undefined ? {} : { reason };
  const idsOf = (some: readonly Planned[]) => some.map(({ after }) => after.miner_id);
  const turned = (status: StoredMiner['status']) =>
    idsOf(part.filter(({ before, after }) => before.status !== after.status && after.status === status));
  const [retired, restored] = [turned('retired'), turned('active')];
  const changes = part.flatMap(({ after, difference: { from, to } }) => {
    const { status: _before, ...was } = from;
    const { status: _after, ...is } = to;
    return Object.keys(is).length === 0 ? [] : [{ miner_id: after.miner_id, from: was, to: is }];
  });
  return [
    ...(changes.length > 0
      ? [stateEvent({ ...ref, type: 'fleet.miners.changed', payload: { changes, ...because } })]
      : []),
    ...(retired.length > 0
      ? [stateEvent({ ...ref, type: 'fleet.miners.retired', payload: { miner_ids: retired, ...because } })]
      : []),
    ...(restored.length > 0
      ? [stateEvent({ ...ref, type: 'fleet.miners.restored', payload: { miner_ids: restored, ...because } })]
      : []),
    ...(assigned
      ? [
          stateEvent({
            ...ref,
            type: 'fleet.miners.assigned',
            payload: {
              miner_ids: idsOf(part),
              customer_id: assigned.customer,
              from: toUtc(assigned.fromMs),
              ...because,
            },
          }),
        ]
      : []),
  ];
};

export type ChangeMinersDeps = {
  readonly readRegistry: (siteId: number) => Promise<Registry>;
  readonly inParts: (writes: readonly MinerWrite[]) => MinerWrite[][];
  readonly writePart: (
    doing: Doing,
    part: readonly MinerWrite[],
    events: readonly NewDomainEvent[],
  ) => Promise<{ readonly ok: true } | ({ readonly ok: false } & PartRefusal)>;
};
export type BulkRequest = {
  readonly selection: z.output<typeof minerSelection>;
  readonly reason: string;
  readonly dry_run: boolean;
  readonly selection_hash?: string | undefined;
};
type Changed = z.infer<typeof minersChanged>;

const mostMatched = 5_000;
const mostShown = 100;

/**
 * One change to all miners of a selection, part by part; what stands in the way of some does not keep the others. A dry
 * run writes nothing and answers the same but for conflicts with others. Fails where other miners are selected than
 * `selection_hash` says, or more than 5,000.
 */
export const changeMiners =
  ({ readRegistry, inParts, writePart }: ChangeMinersDeps) =>
  async (
    doing: Doing,
    request: BulkRequest,
    plan: PlanMiner,
    assigned?: { readonly customer: string | null; readonly fromMs: number },
  ): Promise<Result<Changed>> => {
    const { miners } = await readRegistry(doing.siteId);
    const nowMs = Date.parse(doing.now);
    const matched = selectMiners(
      [...miners.values()].map((miner) => presentMiner(miner, nowMs)),
      request.selection,
    );
    if (matched.length > mostMatched)
      return fail(
        'validation_failed',
        `selection: fits ${matched.length} miners; the limit is ${mostMatched}`,
        [{ field: 'selection', message: 'fits too many miners' }],
      );
    const hash = selectionHash(matched);
    if (request.selection_hash !== undefined && request.selection_hash !== hash)
      return fail('conflict', 'The selection has changed since the dry run');
    const refused: Changed['refused'] = (request.selection.miner_ids ?? [])
      .filter((id) => !miners.has(id))
      .map((id) => refusalOf(id, { code: 'not_found', message: 'Miner not found' }));
    const planned: Planned[] = [];
    let unchanged = 0;
    for (const { miner_id } of matched) {
      const before = miners.get(miner_id);
      const one = before && planOne(plan, before);
      if (!one) continue;
      if (!one.ok) refused.push(refusalOf(miner_id, one.failure));
      else if (one.value) planned.push(one.value);
      else unchanged++;
    }
    const done: Planned[] = request.dry_run ? planned : [];
    if (!request.dry_run) {
      const byId = new Map(planned.map((one) => [one.after.miner_id, one]));
      const queue = inParts(planned);
      for (let part = queue.shift(); part; part = queue.shift()) {
        const own = part.flatMap(({ after }) => byId.get(after.miner_id) ?? []);
        const written = await writePart(doing, own, eventsOf(doing, own, request.reason, assigned));
        if (written.ok) {
          done.push(...own);
          continue;
        }
        for (const id of written.minerIds) refused.push(refusalOf(id, written.failure));
        const others = own.filter(({ after }) => !written.minerIds.has(after.miner_id));
        const { open, overtaken } = sortOut(others, await readRegistry(doing.siteId));
        for (const { after } of overtaken)
          refused.push(refusalOf(after.miner_id, changedMeanwhile(`Miner ${after.miner_id}`)));
        if (open.length > 0) queue.unshift(open);
      }
    }
    return succeed({
      dry_run: request.dry_run,
      selection_hash: hash,
      matched: matched.length,
      changed: done.length,
      unchanged,
      refused,
      preview: done.slice(0, mostShown).map((one) => previewOf(one, assigned?.fromMs ?? nowMs)),
    });
  };

const refusalOf = (minerId: string, { code, message }: Pick<Failure, 'code' | 'message'>) => ({
  miner_id: minerId,
  code,
  error: message,
});

const previewOf = ({ before, after, difference }: Planned, atMs: number) => {
  const [was, is] = [ownerAt(before.owners, atMs) ?? null, ownerAt(after.owners, atMs) ?? null];
  const isHandedOver = was !== is;
  return {
    miner_id: after.miner_id,
    from: { ...difference.from, ...(isHandedOver && { customer_id: was }) },
    to: { ...difference.to, ...(isHandedOver && { customer_id: is }) },
  };
};
