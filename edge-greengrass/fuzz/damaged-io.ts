import type { MinerIo } from '../adapters/miner-io.ts';
import { fieldsOf } from '../adapters/values.ts';
import type { HttpAnswer } from '../io/http-exchange.ts';
import { parseLooseJson } from '../io/loose-json.ts';
import { type FaultKind, MinerFault } from '../io/miner-fault.ts';
import { LostAnswer } from '../io/tcp-exchange.ts';
import { below, mutate, oneOf, type Random } from './mutate.ts';
import { type Door, pageKey, type RecordedAnswer, type RecordedMiner } from './recorded-answers.ts';

/** What the process has worked, whatever else runs on the machine. */
export const cpuMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

/** More is a loop that an answer keeps going. */
export const mostAsks = 200;

const silent: RecordedAnswer = { body: '', status: 404, headers: new Map() };

/**
 * A miner's connections without a miner: to every question its recorded answer, or one to another question, damaged. `asks`
 * counts them, `madeMs` is how long the damage took; `last` are the damaged answers, newest last.
 */
export const damagedIo = (miner: RecordedMiner, random: Random) => {
  const last: string[] = [];
  let asks = 0;
  let madeMs = 0;
  const recorded = (door: Door, key: string): RecordedAnswer => {
    const known = miner.answers[door];
    const exact = known.get(key);
    if (exact && random() < 0.95) return exact;
    return [...known.values()][below(known.size, random)] ?? silent;
  };
  const answerTo = (door: Door, key: string): RecordedAnswer => {
    if (++asks > mostAsks) throw new MinerFault('timeout', 'asked without end');
    const sum = random();
    if (sum < 0.02) {
      const kind = oneOf<FaultKind>(['unreachable', 'timeout', 'too_large'], random);
      throw random() < 0.5
        ? new LostAnswer(kind, 'the connection broke')
        : new MinerFault(kind, 'no connection');
    }
    const answer = recorded(door, key);
    const begunMs = cpuMs();
    const body = sum < 0.35 ? answer.body : mutate(answer.body, random);
    madeMs += cpuMs() - begunMs;
    last.push(`${door} ${key.slice(0, 200)}\n${body.slice(0, 4_000)}`);
    if (last.length > 24) last.shift();
    return { ...answer, body };
  };
  const page = (method: string, path: string, body: string | undefined): HttpAnswer => {
    const answer = answerTo('web', pageKey(method, path, body));
    const status =
      random() < 0.92
        ? answer.status
        : oneOf([200, 204, 302, 400, 401, 403, 404, 429, 500, 503, 0, 999], random);
    return {
      status,
      body: answer.body,
      header: (name) => {
        const value = answer.headers.get(name);
        if (value === undefined || random() < 0.9) return value;
        return random() < 0.3 ? undefined : mutate(value, random).slice(0, 8_000);
      },
    };
  };
  /** As with sockets, nothing is there at once. */
  const later = async <T>(give: () => T) => {
    await undefined;
    return give();
  };
  const json = (door: Door, request: string) => fieldsOf(parseLooseJson(answerTo(door, request).body));
  const io: MinerIo = {
    rpc: (request) => later(() => json('rpc', request)),
    text: (request) => later(() => answerTo('rpc', request).body),
    frame: (request) => later(() => json('frame', request)),
    web: ({ method, path, body }) => later(() => page(method, path, body)),
    http: (method, path, body) => later(() => page(method, path, body)),
  };
  return { io, last, asks: () => asks, madeMs: () => madeMs };
};
