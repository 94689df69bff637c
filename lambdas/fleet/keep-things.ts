import { stateEvent } from '../audit/commit-with-audit.ts';
import { type Result, succeed } from '../shared/result.ts';
import { asResult, commitSteps, countStep, inUseStep, replaceStep, type Step } from './commit-steps.ts';
import { fleetKeys } from './fleet-keys.ts';
import type { FleetWriter } from './fleet-repository.ts';
import {
  type Doing,
  differenceFor,
  isEmpty,
  type Kept,
  refTo,
  withChange,
  withStatus,
} from './life-cycle.ts';

/** Something that is archived rather than deleted: what it is called, where it lies, and how its events name it. */
export type Thing<T extends Kept> = {
  readonly kind: 'site' | 'zone' | 'customer';
  readonly id: string;
  /** `Zone z1` */
  readonly name: string;
  readonly key: { readonly pk: string; readonly sk: string };
  /** How its events name it. */
  readonly payload: { site_id: number } | { zone_id: string } | { customer_id: string };
  readonly current: T;
  readonly parse: (item: unknown) => T;
  /** What is stored beside what the API shows. */
  readonly stored?: Readonly<Record<string, unknown>>;
};

/** What lies below a site changes only while the site is in use. */
const siteInUse = ({ fleetTable }: FleetWriter, { tenantId, siteId }: Doing, kind: string): Step[] =>
  kind === 'site' ? [] : [inUseStep(fleetTable, fleetKeys.site(tenantId, siteId), 'Site')];

type Change = { readonly version: number; readonly reason?: string | undefined };

/** Changes fields of a thing; without any difference nothing happens. */
export const changeThing =
  (store: FleetWriter) =>
  async <T extends Kept>(doing: Doing, thing: Thing<T>, change: Change & object): Promise<Result<T>> => {
    const { current, kind, name } = thing;
    const different = differenceFor(name, current, { ...change });
    if (!different.ok) return different;
    if (isEmpty(different.value)) return succeed(current);
    const next = thing.parse(withChange(current, different.value));
    const payload = {
      ...thing.payload,
      version: next.version,
      ...different.value,
      ...(change.reason !== undefined && { reason: change.reason }),
    };
    const committed = await commitSteps(store)(
      [
        ...siteInUse(store, doing, kind),
        replaceStep(store.fleetTable, thing.key, { ...thing.stored, ...next }, current.version, name),
      ],
      [stateEvent({ ...refTo(doing, kind, thing.id), type: `fleet.${kind}.changed`, payload })],
    );
    return asResult(committed, next);
  };

export type Ending = {
  readonly version: number;
  readonly reason: string;
  readonly status: Kept['status'];
  /** The count of changes of the site's miners when nothing was found to need the thing: it must be so still. */
  readonly seen?: number;
};

/** Archives a thing that nothing needs, or brings it back. */
export const endThing =
  (store: FleetWriter) =>
  async <T extends Kept>(
    doing: Doing,
    thing: Thing<T>,
    { version, reason, status, seen }: Ending,
  ): Promise<Result<T>> => {
    const { current, kind, name } = thing;
    const ended = withStatus(name, current, status, version, doing.now);
    if (!ended.ok) return ended;
    const next = thing.parse(ended.value);
    const committed = await commitSteps(store)(
      [
        ...siteInUse(store, doing, kind),
        replaceStep(store.fleetTable, thing.key, { ...thing.stored, ...next }, version, name),
        ...(seen === undefined ? [] : [countStep(store.fleetTable, fleetKeys.registry(doing.siteId), seen)]),
      ],
      [
        stateEvent({
          ...refTo(doing, kind, thing.id),
          type: status === 'archived' ? `fleet.${kind}.archived` : `fleet.${kind}.restored`,
          payload: { ...thing.payload, version: next.version, reason },
        }),
      ],
    );
    return asResult(committed, next);
  };
