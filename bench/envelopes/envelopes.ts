import { commandResponse, type RefusalCode, safetyEvent } from '../../contracts/command.ts';
import { commandGate } from '../../edge-greengrass/commands/gate.ts';
import { Journal } from '../../edge-greengrass/commands/journal.ts';
import { logNothing } from '../../edge-greengrass/log.ts';
import { reportsTo } from '../../edge-greengrass/reports.ts';
import { vaultOf } from '../../edge-greengrass/sealing/disk-vault.ts';
import { Outbox } from '../../edge-greengrass/state/outbox.ts';
import { StateFile } from '../../edge-greengrass/state/state-file.ts';
import { anEnvelope, bytesOf, issuedAtMs, keyId, secret } from '../../edge-greengrass/test-kit/envelopes.ts';
import { place } from '../../edge-greengrass/test-kit/memory-bus.ts';
import { randomFrom } from '../../edge-greengrass/test-kit/random.ts';
import type { Bench } from '../bench.ts';
import { attacks } from './attacks.ts';

export type EnvelopeOptions = { readonly count: number; readonly seed: number };

/** A gateway's gate with its journal, which lies in memory. */
const openGate = () => {
  const state = new StateFile(':memory:');
  const outbox = new Outbox(state);
  const journal = new Journal(state, vaultOf(Buffer.alloc(32, 1)));
  const started: string[] = [];
  const gate = commandGate({
    state,
    journal,
    reports: reportsTo({ outbox, place, nowMs: () => issuedAtMs, log: logNothing, wake: () => {} }),
    context: { ...place, keys: new Map([[keyId, secret]]) },
    clockSkewMs: 5_000,
    nowMs: () => issuedAtMs,
    isHalted: () => false,
    judge: ({ minerId, order }) =>
      minerId !== 'm-1'
        ? { code: 'UNKNOWN_MINER', detail: 'no such miner' }
        : order.type === 'SET_FAN'
          ? { code: 'UNSUPPORTED', detail: 'no fan command' }
          : undefined,
    start: (id) => started.push(id),
  });
  /** What the gateway says of it, taken out of its outbox. */
  const told = (): { readonly codes: readonly string[]; readonly alarms: number } => {
    const codes: string[] = [];
    let alarms = 0;
    for (const { id, topic, payload } of outbox.next(10)) {
      const json: unknown = JSON.parse(Buffer.from(payload).toString());
      if (topic.endsWith('/safety')) {
        alarms++;
        codes.push(safetyEvent.parse(json).code);
      } else {
        const response = commandResponse.parse(json);
        if (response.outcome === 'refused') codes.push(response.code);
        else codes.push(response.outcome);
      }
      outbox.acknowledge([id]);
    }
    return { codes, alarms };
  };
  return { gate, journal, started, told };
};

/** So many messages that a gateway must not obey, each kind in turn: who was refused, with which codes. */
export const benchEnvelopes: Bench<EnvelopeOptions> = async ({ count, seed }, { progress }) => {
  const random = randomFrom(seed);
  const { gate, journal, started, told } = openGate();
  const obeyed = anEnvelope({ type: 'LED', params: { on: true } });
  gate(bytesOf(obeyed));
  if (started.length !== 1) throw new Error('The gateway does not obey what is in order');
  told();
  const kinds = Object.entries(attacks).map(([kind, make]) => ({
    kind,
    make,
    tried: 0,
    obeyed: 0,
    wrongCode: 0,
    codes: new Map<RefusalCode, number>(),
  }));
  for (let at = 0; at < count; at++) {
    const one = kinds[at % kinds.length];
    if (!one) break;
    const { bytes, codes } = one.make({ random, lastSequence: journal.lastSequence, obeyed });
    const before: number = started.length;
    gate(bytes);
    one.tried++;
    if (started.length !== before) one.obeyed++;
    const said = told();
    const code = codes.find((allowed) => said.codes.includes(allowed));
    if (code === undefined || said.alarms !== 1 || said.codes.some((word) => word !== code)) one.wrongCode++;
    else one.codes.set(code, (one.codes.get(code) ?? 0) + 1);
    if (at % 1_000 === 999) progress(at + 1, count, 'messages');
  }
  const figures = kinds.map(({ make: _, codes, ...rest }) => ({ ...rest, codes: Object.fromEntries(codes) }));
  return {
    tables: [
      {
        title: `${count.toLocaleString('en-US')} messages that a gateway must not obey`,
        rows: figures.map(({ kind, tried, obeyed: effects, wrongCode, codes }) => ({
          kind,
          tried: tried.toLocaleString('en-US'),
          obeyed: effects,
          'without the right code': wrongCode,
          'refused with': Object.entries(codes)
            .toSorted((a, b) => b[1] - a[1])
            .map(([code, times]) => `${code} ${times.toLocaleString('en-US')}`)
            .join(', '),
        })),
      },
    ],
    figures: { seed, kinds: figures },
    notes: [
      'The gate, journal and outbox are the gateway’s own. The very same envelope coming again is no attack: it gets the answer that stands, without another effect.',
    ],
  };
};
