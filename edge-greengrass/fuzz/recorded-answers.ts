import { setTimeout as pause } from 'node:timers/promises';
import { type Vendor, vendors } from '../../contracts/capabilities/firmware-table.ts';
import type { MinerOrder } from '../../contracts/command.ts';
import { allFirmwares } from '../../simulator/site/inventory.ts';
import { startSite } from '../../simulator/site/simulated-site.ts';
import { adapterFor, familyOf } from '../adapters/adapter-for.ts';
import type { MinerAdapter, MinerSnapshot } from '../adapters/miner-adapter.ts';
import { type MinerAddress, type MinerIo, minerIo } from '../adapters/miner-io.ts';
import type { HttpAnswer } from '../io/http-exchange.ts';
import { Semaphore } from '../io/semaphore.ts';
import { exchange, framedExchange } from '../io/tcp-exchange.ts';

export type RecordedAnswer = {
  readonly body: string;
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
};
/** `rpc` for text over a connection of its own, `frame` for frames, `web` for pages. */
export type Door = 'rpc' | 'frame' | 'web';

/** One model's miner, as it was: what it answered, by what it was asked, and what it had before each order. */
export type RecordedMiner = {
  readonly model: string;
  readonly vendor: Vendor;
  readonly address: MinerAddress;
  readonly answers: Readonly<Record<Door, ReadonlyMap<string, RecordedAnswer>>>;
  readonly befores: ReadonlyMap<MinerOrder['type'], MinerSnapshot>;
};

/** One order of each type. */
export const orders: readonly [MinerOrder, ...MinerOrder[]] = [
  { type: 'LED', params: { on: true } },
  { type: 'SET_FAN', params: { dutyPct: 97 } },
  { type: 'POWER_MODE', params: { mode: 'low' } },
  { type: 'POWER_LIMIT', params: { limitW: 2_400 } },
  { type: 'FREQUENCY_SET', params: { frequencyMhz: 450 } },
  {
    type: 'POOL_SET',
    params: { pools: [{ url: 'stratum+tcp://new.example.com:3333', user: 'n1.rig', password: 'p=w' }] },
  },
  { type: 'HASHING_DISABLE', params: {} },
  { type: 'HASHING_ENABLE', params: {} },
  { type: 'MINER_RESTART', params: {} },
];

const limits = { connectMs: 300, exchangeMs: 700, maxBytes: 512 * 1_024 };
const told = ['set-cookie', 'content-type', 'location', 'www-authenticate', 'server'];

/** What asks the same of the miner, whatever the login is at the moment. */
export const pageKey = (method: string, path: string, body: string | undefined) =>
  `${method} ${path} ${body ?? ''}`;

/** The first answer to each question is kept, so that what was written later does not spoil it. */
const recording = (address: MinerAddress) => {
  const answers = { rpc: new Map(), frame: new Map(), web: new Map() } satisfies Record<
    Door,
    Map<string, RecordedAnswer>
  >;
  const sockets = new Semaphore(8);
  const real = minerIo(address, limits, sockets);
  const keep = (door: Door, key: string, answer: RecordedAnswer) => {
    if (!answers[door].has(key)) answers[door].set(key, answer);
  };
  const keepPage = (key: string, page: HttpAnswer) => {
    const headers = new Map(
      told.flatMap((name) => {
        const value = page.header(name);
        return value === undefined ? [] : [[name, value] as const];
      }),
    );
    keep('web', key, { body: page.body, status: page.status, headers });
    return page;
  };
  const plain = (body: string): RecordedAnswer => ({ body, status: 200, headers: new Map() });
  const rpcEnd = { host: address.host, port: address.rpcPort };
  const frameEnd = { host: address.host, port: address.framePort ?? 0 };
  const io: MinerIo = {
    ...real,
    rpc: async (request, signal) => {
      keep('rpc', request, plain(await exchange(rpcEnd, request, limits, signal).catch(() => '')));
      return real.rpc(request, signal);
    },
    text: async (request, signal) => {
      const answer = await real.text(request, signal);
      keep('rpc', request, plain(answer));
      return answer;
    },
    frame: async (request, signal) => {
      if (frameEnd.port > 0)
        keep(
          'frame',
          request,
          plain(await framedExchange(frameEnd, request, limits, signal).catch(() => '')),
        );
      return real.frame(request, signal);
    },
    web: async (request, signal) =>
      keepPage(pageKey(request.method, request.path, request.body), await real.web(request, signal)),
    http: async (method, path, body, signal, contentType) =>
      keepPage(pageKey(method, path, body), await real.http(method, path, body, signal, contentType)),
  };
  return { io, answers };
};

const nothingOf = () => undefined;

const askEverything = async (adapter: MinerAdapter) => {
  const befores = new Map<MinerOrder['type'], MinerSnapshot>();
  await adapter.identify().catch(nothingOf);
  await adapter.read('core');
  await adapter.read('full');
  for (const order of orders) {
    const before = await adapter.snapshot(order).catch(nothingOf);
    if (!before) continue;
    befores.set(order.type, before);
    await adapter.readBack(order, before, Date.now() - 1_000).catch(nothingOf);
  }
  for (const order of orders) {
    const before = befores.get(order.type);
    if (!before) continue;
    await adapter.execute(order, before).catch(nothingOf);
    await adapter.readBack(order, before, Date.now() - 1_000).catch(nothingOf);
    // The last of them, and nothing to put back.
    if (order.type === 'MINER_RESTART') break;
    await adapter.restore({ order, before, earlierPools: [] }, before).catch(nothingOf);
    await adapter.readRestored({ order, before, earlierPools: [] }).catch(nothingOf);
  }
  return befores;
};

/** Answers of every model that the simulator has and the gateway speaks, from a site that is there for a few seconds. */
export const recordAnswers = async (): Promise<readonly RecordedMiner[]> => {
  const site = await startSite({
    miners: Object.keys(allFirmwares).length,
    seed: 11,
    speed: 60,
    mix: allFirmwares,
  });
  try {
    await pause(500);
    const entries = site.inventory().flatMap((entry) => {
      const spoken = vendors.find((known) => known === entry.vendor);
      return spoken ? [{ ...entry, spoken }] : [];
    });
    return await Promise.all(
      entries.map(async (entry): Promise<RecordedMiner> => {
        const { usual } = familyOf(entry.spoken);
        const address = {
          minerId: entry.minerId,
          host: entry.host,
          rpcPort: entry.rpcPort ?? usual.rpcPort,
          httpPort: entry.httpPort ?? usual.httpPort,
          ...(entry.framePort !== undefined && { framePort: entry.framePort }),
          username: entry.username ?? usual.username,
          password: entry.password ?? usual.password,
        };
        const { io, answers } = recording(address);
        const befores = await askEverything(adapterFor(entry.spoken, address, io, Date.now));
        return { model: entry.model, vendor: entry.spoken, address, answers, befores };
      }),
    );
  } finally {
    await site.close();
  }
};
