import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import { fail, type Result } from '../shared/result.ts';
import type { StoredMiner } from './fleet-keys.ts';
import type { Doing } from './life-cycle.ts';
import { inParts, type MinerWrite, type NewMiner, registeredEvent } from './miner-repository.ts';
import { always } from './ownership.ts';

/** A miner that is there from now on, its customer's if it has one. */
export const newlyRegistered = (
  { customer_id, labels = [], ...miner }: NewMiner,
  now: string,
): StoredMiner => ({
  ...miner,
  labels: [...new Set(labels)],
  status: 'active',
  version: 1,
  registered_at: now,
  owners: customer_id === undefined ? [] : [{ from_ms: always, customer_id }],
});

export type RegisterMinersDeps = {
  readonly writeAtOnce: <T>(
    doing: Doing,
    writes: readonly MinerWrite[],
    events: readonly NewDomainEvent[],
    value: T,
  ) => Promise<Result<T>>;
};

/** Registers all miners or none. Names the first zone, gateway, customer or miner id that stands in the way. */
export const registerMiners =
  ({ writeAtOnce }: RegisterMinersDeps) =>
  async (doing: Doing, miners: readonly NewMiner[]): Promise<Result<readonly StoredMiner[]>> => {
    const ids = miners.map(({ miner_id }) => miner_id);
    const twice = ids.find((id, index) => ids.indexOf(id) !== index);
    if (twice) return fail('validation_failed', `miner_id ${twice} appears twice`);
    const registered = miners.map((miner) => newlyRegistered(miner, doing.now));
    const parts = inParts(registered.map((after) => ({ after })));
    const [part, ...rest] = parts;
    if (!part || rest.length > 0)
      return fail(
        'validation_failed',
        'miners: go to too many zones, gateways and customers; send fewer at once',
      );
    return writeAtOnce(doing, part, [registeredEvent(doing, part)], registered);
  };
