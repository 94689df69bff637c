import { createHash } from 'node:crypto';
import type * as z from 'zod';
import { type Miner, type minerSelection, type minersQuery, noCustomer } from '../../contracts/api-miners.ts';
import { toUtc } from '../shared/clock.ts';
import type { StoredMiner } from './fleet-keys.ts';
import { always, ownerAt } from './ownership.ts';

/** A miner as the API shows it, with whose it is now. */
export const presentMiner = ({ owners, ...miner }: StoredMiner, nowMs: number): Miner => {
  const customer = ownerAt(owners, nowMs);
  return { ...miner, ...(customer !== undefined && { customer_id: customer }) };
};

/** Its owners since it was registered; the first may have come later, or with it. */
export const presentOwners = (
  { owners, registered_at }: StoredMiner,
  isShown: (customer: string | null) => boolean = () => true,
) =>
  owners
    .map(({ customer_id, from_ms }, at) => {
      const next = owners[at + 1];
      const from = from_ms === always && registered_at !== undefined ? registered_at : toUtc(from_ms);
      return { customer_id, from, ...(next && { to: toUtc(next.from_ms) }) };
    })
    .filter(({ from, to }) => to === undefined || from < to)
    .filter(({ customer_id }) => isShown(customer_id));

type Query = Omit<z.output<typeof minersQuery>, 'limit' | 'cursor'>;
type Selection = z.output<typeof minerSelection>;
type Test = (miner: Miner) => boolean;

const oneOf = <T>(
  wanted: readonly T[] | undefined,
  read: (miner: Miner) => T | undefined,
): Test | undefined => {
  if (!wanted) return undefined;
  const set = new Set<T | undefined>(wanted);
  return (miner) => set.has(read(miner));
};
const labelled = (wanted: readonly string[] | undefined): Test | undefined =>
  wanted && (({ labels }) => wanted.some((label) => labels.includes(label)));
const customerOf = ({ customer_id }: Miner): string => customer_id ?? noCustomer;
const passing = (tests: readonly (Test | undefined)[]) => {
  const all = tests.filter((test) => test !== undefined);
  return (miner: Miner) => all.every((test) => test(miner));
};

const contains = (search: string | undefined): Test | undefined => {
  if (search === undefined) return undefined;
  const wanted = search.toLowerCase();
  return ({ miner_id, model, serial_number = '', labels }) =>
    [miner_id, model, serial_number, ...labels].some((text) => text.toLowerCase().includes(wanted));
};

/** The miners that a list asks for, in its order. */
export const searchMiners = (miners: readonly Miner[], query: Query): Miner[] => {
  const found = miners.filter(
    passing([
      query.status === 'all' ? undefined : ({ status }) => status === query.status,
      oneOf(query.zone_id, ({ zone_id }) => zone_id),
      oneOf(query.gateway_id, ({ gateway_id }) => gateway_id),
      oneOf(query.model, ({ model }) => model),
      oneOf(query.vendor, ({ vendor }) => vendor),
      oneOf(query.customer_id, customerOf),
      labelled(query.label),
      contains(query.search),
    ]),
  );
  return found.sort((a, b) => compare(placeOf(a, query.sort), placeOf(b, query.sort), query.order));
};

/** The miners that a change is for, by id. */
export const selectMiners = (miners: readonly Miner[], selection: Selection): Miner[] =>
  miners
    .filter(
      passing([
        oneOf(selection.miner_ids, ({ miner_id }) => miner_id),
        oneOf(selection.zone_ids, ({ zone_id }) => zone_id),
        oneOf(selection.gateway_ids, ({ gateway_id }) => gateway_id),
        oneOf(selection.models, ({ model }) => model),
        oneOf(selection.vendors, ({ vendor }) => vendor),
        oneOf(selection.customer_ids, customerOf),
        labelled(selection.labels),
        oneOf(selection.status && [selection.status], ({ status }) => status),
      ]),
    )
    .sort((a, b) => (a.miner_id < b.miner_id ? -1 : 1));

/** Says of a selection which miners it is, each in which version. */
export const selectionHash = (miners: readonly Pick<Miner, 'miner_id' | 'version'>[]) =>
  createHash('sha256')
    .update(miners.map(({ miner_id, version }) => `${miner_id}@${version}`).join('\n'))
    .digest('hex');

/** Where a miner stands in an order: by value, those without it last, and then by id. */
type Place = { readonly value: string | number | undefined; readonly minerId: string };
const placeOf = (miner: Miner, sort: Query['sort']): Place => ({
  value: miner[sort],
  minerId: miner.miner_id,
});

const compare = (a: Place, b: Place, order: Query['order']) => {
  if (a.value === undefined || b.value === undefined) {
    if (a.value !== b.value) return a.value === undefined ? 1 : -1;
  } else if (a.value !== b.value) return a.value < b.value === (order === 'asc') ? -1 : 1;
  return a.minerId < b.minerId ? -1 : 1;
};

const numeric: ReadonlySet<string> = new Set<Query['sort']>(['rated_hashrate_ths', 'rated_power_w']);

/** A page of an ordered list, and the place of its last miner where another page follows. */
export const pageOf = (
  ordered: readonly Miner[],
  { sort, order, limit, cursor }: z.output<typeof minersQuery>,
) => {
  const after = cursor === undefined ? undefined : readPlace(cursor, sort);
  const from = after
    ? ordered.findIndex((miner) => {
        const place = placeOf(miner, sort);
        return (
          (place.value !== after.value || place.minerId !== after.minerId) && compare(after, place, order) < 0
        );
      })
    : 0;
  const page = from < 0 ? [] : ordered.slice(from, from + limit);
  const last = page.at(-1);
  return last && from + page.length < ordered.length
    ? { page, lastPlace: writePlace(placeOf(last, sort)) }
    : { page };
};

const writePlace = ({ value, minerId }: Place) => `${encodeURIComponent(value ?? '')} ${minerId}`;
const readPlace = (text: string, sort: Query['sort']): Place => {
  const [value = '', minerId = ''] = text.split(' ');
  const read = decodeURIComponent(value);
  return { value: read === '' ? undefined : numeric.has(sort) ? Number(read) : read, minerId };
};
