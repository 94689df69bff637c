import { setImmediate as turn } from 'node:timers/promises';
import type { CommandResponse } from '../../contracts/command.ts';
import { envelopesIn, packResponses, responsesIn } from '../../contracts/command-messages.ts';
import type { MinerAdapter } from '../../edge-greengrass/adapters/miner-adapter.ts';
import { commandExecutor } from '../../edge-greengrass/commands/executor.ts';
import { commandGate } from '../../edge-greengrass/commands/gate.ts';
import { Journal } from '../../edge-greengrass/commands/journal.ts';
import { logNothing } from '../../edge-greengrass/log.ts';
import type { Miner } from '../../edge-greengrass/miners.ts';
import { reportsTo } from '../../edge-greengrass/reports.ts';
import { vaultOf } from '../../edge-greengrass/sealing/disk-vault.ts';
import { Outbox } from '../../edge-greengrass/state/outbox.ts';
import { StateFile } from '../../edge-greengrass/state/state-file.ts';
import { turnTaking } from '../../edge-greengrass/turn-taking.ts';
import type { Chance, Weather } from './chance.ts';
import { type Machine, machine } from './machine.ts';
import type { Timeline } from './timeline.ts';

export type Place = { readonly siteId: number; readonly gatewayId: string };
export type GatewayParts = {
  readonly place: Place;
  readonly minerIds: readonly string[];
  readonly adapterOf: (minerId: string) => MinerAdapter;
  readonly secret: Uint8Array;
  readonly keyId: string;
  readonly chance: Chance;
  readonly weather: Weather;
  readonly time: Timeline;
  /** Takes a message of answers to the cloud; rejects where the line did not acknowledge it. */
  readonly send: (responses: readonly CommandResponse[]) => Promise<void>;
  /** What the cloud has waiting after this sequence, on the second path. */
  readonly poll: (after: number) => Promise<readonly Uint8Array[]>;
};

const sendEveryMs = 2_000;
const pollEveryMs = 60_000;
const limits = { clockSkewMs: 60_000, effectMs: 180_000, effectPollMs: 1 };

/**
 * The gateway's own gate, journal, executor and outbox on miners of the schedule's. When it dies, its state file is what is left, and after a while
 * it begins anew from it.
 */
export const gatewayOf = ({
  place,
  minerIds,
  adapterOf,
  secret,
  keyId,
  chance,
  weather,
  time,
  send,
  poll,
}: GatewayParts) => {
  const state = new StateFile(':memory:');
  const journal = new Journal(state, vaultOf(Buffer.alloc(32, 1)));
  const outbox = new Outbox(state);
  const nowMs = () => Math.round(time.nowMs() + weather.skewMs);
  const minersAtWork = () => {
    const open = state.sql(
      "SELECT DISTINCT json_extract(envelope, '$.minerId') FROM command WHERE phase <> 'done'",
    );
    return open.all().length;
  };
  let isCalm = false;
  let crashes = 0;
  let current = begin(false);

  function begin(isRestart: boolean) {
    const process = machine(() => !isCalm && chance.happens(weather.crash / 3));
    let asked = 0;
    const stepped =
      <A extends unknown[], T>(work: (...given: A) => Promise<T>) =>
      async (...given: A): Promise<T> => {
        asked++;
        try {
          return await process.step(() => work(...given));
        } finally {
          asked--;
        }
      };
    const minerOf = (minerId: string): Miner => {
      const adapter = adapterOf(minerId);
      return {
        minerId,
        configured: {
          minerId,
          vendor: 'antminer',
          host: '127.0.0.1',
          rpcPort: 4028,
          httpPort: 80,
          shedOrder: 1,
        },
        adapter: {
          ...adapter,
          snapshot: stepped(adapter.snapshot),
          execute: stepped(adapter.execute),
          readBack: stepped(adapter.readBack),
        },
        inTurn: turnTaking(),
        writing: turnTaking(),
        identity: undefined,
        failures: 0,
        nextAskMs: 0,
        unparseable: false,
        hashing: true,
      };
    };
    const reports = reportsTo({ outbox, place, nowMs, log: logNothing, wake: () => {} });
    const executor = commandExecutor({
      ...limits,
      state,
      journal,
      reports,
      miners: new Map(minerIds.map((minerId) => [minerId, minerOf(minerId)])),
      isHalted: () => false,
      nowMs,
      log: logNothing,
      stopping: new AbortController().signal,
    });
    const gate = commandGate({
      state,
      journal,
      reports,
      context: { ...place, keys: new Map([[keyId, Buffer.from(secret).toString('base64')]]) },
      clockSkewMs: limits.clockSkewMs,
      nowMs,
      isHalted: () => false,
      judge: () => undefined,
      start: executor.start,
    });
    void process.died.then(() => {
      crashes++;
      time.after(chance.between(500, 120_000), () => {
        current = begin(true);
      });
    });
    if (isRestart) executor.recover();
    every(process, sendEveryMs, () => sendSome(process));
    every(process, pollEveryMs, async () => {
      for (const payload of await process.step(() => poll(journal.lastSequence))) gate(payload);
    });
    /** Whether a miner's order is under way and waits for nothing but the next turn of the loop. */
    const isBusy = () => !process.isDead() && minersAtWork() > asked;
    return { process, gate, isBusy };
  }

  function every(process: Machine, ms: number, work: () => Promise<void>) {
    time.after(chance.between(0, ms), async () => {
      if (process.isDead()) return;
      await Promise.race([work().catch(() => undefined), process.died]);
      every(process, ms, work);
    });
  }

  async function sendSome(process: Machine) {
    const waiting = outbox.next(20);
    const answers = waiting.filter(({ topic }) => topic.endsWith('/response'));
    for (const { payload } of packResponses(answers.map((answer) => answer.payload)))
      await process.step(() => send(responsesIn(JSON.parse(Buffer.from(payload).toString()))));
    outbox.acknowledge(waiting.map(({ id }) => id));
  }

  return {
    /** False while it is down: then the broker keeps the message. */
    receive: (payload: Uint8Array) => {
      if (current.process.isDead()) return false;
      envelopesIn(payload).forEach(current.gate);
      return true;
    },
    /** Until everything that is under way waits for a moment to come. */
    settle: async () => {
      for (let turns = 0; turns < 2 || current.isBusy(); turns++) {
        await turn();
        if (turns > 5_000) throw new Error('The gateway does not come to rest');
      }
    },
    calm: () => {
      isCalm = true;
    },
    crashes: () => crashes,
    left: () => ({ unfinished: journal.unfinished().length, unsent: outbox.count }),
    close: () => state.db.close(),
  };
};
