import { whyUnsupported } from '../contracts/capabilities/firmware-table.ts';
import type { CommandEnvelope, RefusalCode } from '../contracts/command.ts';
import { adapterFor, familyOf } from './adapters/adapter-for.ts';
import type { MinerAdapter, MinerIdentity } from './adapters/miner-adapter.ts';
import { minerIo } from './adapters/miner-io.ts';
import type { Journal } from './commands/journal.ts';
import { planRollback } from './commands/plan-rollback.ts';
import type { ConfiguredMiner, GatewayConfig } from './config.ts';
import { Semaphore } from './io/semaphore.ts';
import type { GatewayKeys } from './sealing/gateway-keys.ts';
import { unsealingAdapter } from './sealing/unseal-orders.ts';
import { turnTaking } from './turn-taking.ts';

/** A configured miner and what the gateway knows of it at present. */
export type Miner = {
  readonly minerId: string;
  readonly configured: ConfiguredMiner;
  readonly adapter: MinerAdapter;
  /** One command at a time, from its snapshot to its shown effect. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
  /** One writer at a time, for seconds: what protects the site does not wait for a command's effect to show. */
  readonly writing: <T>(work: () => Promise<T>) => Promise<T>;
  identity: MinerIdentity | undefined;
  failures: number;
  nextAskMs: number;
  unparseable: boolean;
  hashing: boolean;
};
export type Miners = ReadonlyMap<string, Miner>;

/** What the configuration says of a miner, without what it leaves out. */
const given = ({ minerId, host, rpcPort, httpPort, framePort, username, password }: ConfiguredMiner) => ({
  minerId,
  host,
  ...(rpcPort !== undefined && { rpcPort }),
  ...(httpPort !== undefined && { httpPort }),
  ...(framePort !== undefined && { framePort }),
  ...(username !== undefined && { username }),
  ...(password !== undefined && { password }),
});

export const openMiners = (config: GatewayConfig, nowMs: () => number, keys: GatewayKeys): Miners => {
  const sockets = new Semaphore(config.limits.sockets);
  const { connectMs, exchangeMs, answerBytes: maxBytes } = config.limits;
  return new Map(
    config.miners.map((configured) => {
      const address = { ...familyOf(configured.vendor).usual, ...given(configured) };
      const io = minerIo(address, { connectMs, exchangeMs, maxBytes }, sockets);
      const miner: Miner = {
        minerId: configured.minerId,
        configured,
        adapter: unsealingAdapter(adapterFor(configured.vendor, address, io, nowMs), keys, config),
        inTurn: turnTaking(),
        writing: turnTaking(),
        identity: undefined,
        failures: 0,
        nextAskMs: 0,
        unparseable: false,
        hashing: false,
      };
      return [configured.minerId, miner];
    }),
  );
};

/** Until a miner has been identified, what its configuration says of it. */
export const presumedIdentity = ({ vendor, model }: ConfiguredMiner) => ({
  vendor,
  model: model ?? vendor,
});

/** Whether this gateway can carry the order out at all. */
export const judgeBy =
  (miners: Miners, journal: Pick<Journal, 'ofMiner'>) =>
  ({
    minerId,
    order,
  }: CommandEnvelope): { readonly code: RefusalCode; readonly detail: string } | undefined => {
    const miner = miners.get(minerId);
    if (!miner) return { code: 'UNKNOWN_MINER', detail: 'this gateway has no such miner' };
    if (order.type === 'ROLLBACK') {
      const plan = planRollback(journal, minerId, order.params.ofCommandId);
      return plan.ok ? undefined : { code: 'NOT_REVERSIBLE', detail: plan.detail };
    }
    const reason = whyUnsupported(miner.identity ?? presumedIdentity(miner.configured), order);
    return reason === undefined ? undefined : { code: 'UNSUPPORTED', detail: reason.en };
  };
