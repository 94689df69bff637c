import type { CommandEnvelope, CommandResponse } from '../../contracts/command.ts';
import { listApproved } from '../../lambdas/control/command-lists.ts';
import type { ControlStore } from '../../lambdas/control/command-repository.ts';
import * as repository from '../../lambdas/control/command-repository.ts';
import { dispatchCommands } from '../../lambdas/control/dispatch-command.ts';
import { expireCommand } from '../../lambdas/control/expire-command.ts';
import { allocate, markPublished, readLane } from '../../lambdas/control/lane-repository.ts';
import { moveAll } from '../../lambdas/control/move-commands.ts';
import { pendingEnvelopes } from '../../lambdas/control/pending-envelopes.ts';
import { readPolicy } from '../../lambdas/control/policy-repository.ts';
import { type CommandProposal, proposeCommand } from '../../lambdas/control/propose-command.ts';
import { recordResponses } from '../../lambdas/control/record-response.ts';
import { advance, approvedBatch, batchAt } from './batches.ts';
import type { Chance, Weather } from './chance.ts';
import type { Place } from './gateway.ts';
import { type Machine, machine } from './machine.ts';
import type { Timeline } from './timeline.ts';

export type CloudParts = {
  readonly store: Pick<ControlStore, 'db' | 'controlTable' | 'auditTable'>;
  readonly place: Place;
  readonly keyId: string;
  readonly secret: Uint8Array;
  readonly chance: Chance;
  readonly weather: Weather;
  readonly time: Timeline;
  /** Hands an envelope to the broker. */
  readonly publish: (envelopes: readonly CommandEnvelope[]) => Promise<void>;
};

const redeliverMs = 30_000;

/** Control's own use cases; each call is a function of its own that may die at any request, and is then called again. */
export const cloudOf = ({ store, place, keyId, secret, chance, weather, time, publish }: CloudParts) => {
  const { siteId, gatewayId } = place;
  const clock = { nowMs: () => Math.round(time.nowMs()) };
  let isCalm = false;
  let crashes = 0;

  /** A client that dies with its function; a new one each time, as a new function has. */
  const storeOf = (process: Machine) => ({
    ...store,
    clock,
    db: new Proxy(store.db, {
      get: (target, name) =>
        name === 'send'
          ? (command: Parameters<typeof target.send>[0]) => process.step(() => target.send(command))
          : Reflect.get(target, name),
    }),
  });

  /** Runs it until it has ended once; undefined where it died. */
  type Own = ReturnType<typeof storeOf>;
  const attempt = async <T>(work: (store: Own, process: Machine) => Promise<T>) => {
    const process = machine(() => !isCalm && chance.happens(weather.crash));
    const ended = await Promise.race([
      work(storeOf(process), process).then((value) => ({ value })),
      process.died,
    ]);
    if (ended !== 'died') return ended;
    crashes++;
    return undefined;
  };
  /** As a queue does: again and again, some time later, until it has ended. */
  const deliver = (afterMs: number, work: (store: Own, process: Machine) => Promise<unknown>): void =>
    time.after(afterMs, async () => {
      if (!(await attempt(work))) deliver(chance.between(1_000, redeliverMs), work);
    });

  /** Several are dispatched together at times, as a queue hands them over. */
  const known = new Set<string>();

  const propose = (own: ControlStore) =>
    proposeCommand({
      findMiner: async () => ({ gatewayId }),
      insertCommand: repository.insertCommand(own),
      findByDedupeKey: repository.findByDedupeKey(own),
      readPolicy: readPolicy(own),
      clock,
    });
  const dispatch = (own: ControlStore, process: Machine) =>
    dispatchCommands({
      readCommands: repository.readCommands(own),
      readLane: readLane(own),
      allocate: allocate(own),
      markPublished: markPublished(own),
      openGatewaySecret: async () => ({ keyId, secret }),
      listApproved: listApproved(own),
      publish: (envelopes) => process.step(() => publish(envelopes)),
      wait: async () => {},
      clock,
    });
  const movesOf = (own: ControlStore) => ({
    readCommand: repository.readCommand(own),
    moveCommand: repository.moveCommand(own),
    clock,
  });
  const record = (own: ControlStore) =>
    recordResponses({
      readCommands: repository.readCommands(own),
      moveAll: moveAll(own),
      noteLateAnswer: repository.noteLateAnswer(own),
      clock,
    });

  /** The event of an approved command arrives at least once. */
  const announce = (commandId: string) => {
    known.add(commandId);
    for (let times = chance.happens(weather.duplicate) ? 2 : 1; times > 0; times--)
      deliver(chance.between(0, weather.maxDelayMs), (again, process) =>
        dispatch(again, process)(siteId, chance.happens(0.3) ? [...known] : [commandId]),
      );
  };

  return {
    /**
     * Makes a command; its event goes out at least once, and so does what follows from it. `lapsed` where its time was over before any
     * try was recorded: then there is none.
     */
    propose: (
      atMs: number,
      proposal: CommandProposal,
      made: (commandId: string) => void,
      lapsed: () => void,
    ) =>
      deliver(atMs, async (own) => {
        const command = await propose(own)(proposal);
        if (!command.ok && proposal.expiresAtMs <= clock.nowMs()) return lapsed();
        if (!command.ok) throw new Error(command.failure.message);
        const { commandId } = command.value;
        made(commandId);
        announce(commandId);
      }),
    /** Runs a batch that people have approved to its end, driven at least so often; each of its commands is told to `made` once it is there. */
    runBatch: async (
      limitW: number,
      minerIds: readonly string[],
      made: (commandId: string, minerId: string) => void,
    ) => {
      const record = approvedBatch(siteId, limitW, minerIds, clock.nowMs(), chance);
      const batch = batchAt(
        { ...store, clock },
        record,
        minerIds.map((minerId) => [minerId, gatewayId]),
      );
      await batch.put();
      const drive = (): void =>
        time.after(chance.between(1_000, 40_000), async () => {
          await attempt((own) => advance(own)(siteId, record.batchId, () => true));
          for (const { commandId, minerId } of await batch.commands()) {
            if (known.has(commandId)) continue;
            made(commandId, minerId);
            announce(commandId);
          }
          if (!(await batch.isOver())) drive();
        });
      drive();
      if (chance.happens(0.2))
        time.after(chance.between(0, 180_000), async () => void (await batch.cancel()));
      return batch;
    },
    /** Takes a message of a gateway's answers in, at least once. */
    take: (afterMs: number, responses: readonly CommandResponse[]) =>
      deliver(afterMs, async (own) => {
        const faults = await record(own)(responses.map((response) => ({ siteId, gatewayId, response })));
        const fault = faults.find((one) => one !== undefined);
        if (fault) throw fault;
      }),
    /** What the schedule of overdue commands does; true where the command needs no more of it. */
    expire: async (commandId: string): Promise<boolean> => {
      const found = await attempt((own) => expireCommand(movesOf(own))(siteId, commandId));
      const settled = found?.value;
      return settled?.ok === true && settled.value.dueAtMs === undefined;
    },
    /** What a gateway is handed that asks over HTTPS. */
    poll: async (after: number): Promise<readonly Uint8Array[]> => {
      const found = await attempt((own) =>
        pendingEnvelopes(own)(siteId, gatewayId, after, 10, clock.nowMs()),
      );
      return (found?.value ?? []).map(({ envelope }) => Buffer.from(JSON.stringify(envelope)));
    },
    calm: () => {
      isCalm = true;
    },
    crashes: () => crashes,
  };
};
