import { createHash, randomBytes } from 'node:crypto';
import type { SimulatedMiner } from '../site/simulated-miner.ts';
import { asJson, jsonReply, type WebHost, type WebReply, type WebRequest } from '../wire/web-server.ts';
import { firmwareVersion } from './reports.ts';
import type { SealminerMemory } from './rpc.ts';

type Login = { readonly username: string; readonly password: string };
type Page = (miner: SimulatedMiner, request: WebRequest, memory: SealminerMemory) => WebReply;

const loginPage: WebReply = {
  status: 200,
  body: '<!DOCTYPE html><html><head><link rel="stylesheet" href="/css/amazeui.min.css"/><title>SEALMINER</title></head><body class="login"></body></html>',
};
const sessionOf = (request: WebRequest) =>
  /\bPHPSESSID=([\w-]{10,64})/.exec(request.headers.cookie ?? '')?.[1];

const systemInfo: Page = (miner) =>
  jsonReply({
    low_power: 1,
    normal: 1,
    high_performance: 1,
    custom: 0,
    firmware_version: firmwareVersion,
    ctrl_version: 'TAURUS_AIR',
    miner_type: 'A2',
    brand: 'SEALMINER',
    psu_model: 'PSU-3800',
    macaddr: miner.identity.macAddress.toLowerCase(),
    ipaddress: '127.0.0.1',
    DHCP: '1',
    miningMode: '1',
    ratedHashrate: miner.model.hashrateThs,
    crtl_sn: miner.identity.serialNumber,
    systemTime: '2025-09-12 08:00:00',
    upgrade_result: '',
    tuning_done: 1,
    led: miner.settings.ledOn ? 'on' : 'off',
  });

const poolConf: Page = (miner, _request, memory) =>
  jsonReply({
    'xk-h3x-miningmode': '1',
    'xk-h3x-psu-input-max-power': String(memory.powerLimitW),
    pools: [0, 1, 2].map((at) => {
      const pool = miner.settings.pools[at];
      return { url: pool?.url ?? '', user: pool?.user ?? '', pass: pool?.password ?? '' };
    }),
  });

const setPoolConf: Page = (miner, request) => {
  const body = asJson(request.body);
  const refused = jsonReply({ result: false, api: false, fileWrite: false, msg: 'failed' });
  if (request.method !== 'POST' || miner.has('refuses_writes') || typeof body !== 'object' || body === null)
    return refused;
  const field = (name: string): unknown => Object.getOwnPropertyDescriptor(body, name)?.value;
  const pools = [1, 2, 3].map((number) => ({
    url: field(`poolurl${number}`),
    user: field(`pooluser${number}`),
    password: field(`poolpwd${number}`),
  }));
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  if (
    pools.some(({ url, user, password }) => [url, user, password].some((value) => text(value) === undefined))
  )
    return refused;
  return {
    ...jsonReply({ result: true, api: true, fileWrite: true, msg: 'success' }),
    write: true,
    done: () => {
      miner.set({
        pools: pools.map(({ url, user, password }) => ({
          url: text(url) ?? '',
          user: text(user) ?? '',
          password: text(password) ?? '',
        })),
      });
      miner.restartProcess();
    },
  };
};

const led: Page = (miner, request) => {
  const body = asJson(request.body);
  const value: unknown =
    typeof body === 'object' && body !== null
      ? Object.getOwnPropertyDescriptor(body, 'value')?.value
      : undefined;
  if (miner.has('refuses_writes') || (value !== 'on' && value !== 'off')) return jsonReply({ result: 1 });
  return { ...jsonReply({ result: 0 }), write: true, done: () => miner.set({ ledOn: value === 'on' }) };
};

const pages: Readonly<Record<string, Page>> = {
  get_system_info: systemInfo,
  get_miner_poolconf: poolConf,
  set_miner_poolconf: setPoolConf,
  led_conf: led,
};

/**
 * The web interface of a Sealminer: PHP pages behind a session that login.php opens, as 256foundation/asic-rs and bitcap-ipr
 * use it. A client may bring a PHPSESSID of its own, else it is given one. Sessions do not survive a reboot.
 */
export const sealminerWeb = (miner: SimulatedMiner, memory: SealminerMemory, login: Login): WebHost => {
  let sessions = new Set<string>();
  const open = (request: WebRequest): WebReply => {
    const form = new URLSearchParams(request.body);
    if (form.get('username') !== login.username || form.get('origin_pwd') !== login.password)
      return jsonReply({ state: 1, msg: 'username or password error' });
    const own = sessionOf(request);
    const session = own ?? createHash('sha1').update(randomBytes(10)).digest('hex').slice(0, 26);
    sessions.add(session);
    return {
      ...jsonReply({ state: 0, msg: 'success' }),
      ...(own === undefined && { headers: { 'Set-Cookie': `PHPSESSID=${session}; path=/` } }),
    };
  };
  const reboot = (): WebReply => {
    if (miner.has('refuses_writes')) return jsonReply({ result: 1 });
    return {
      ...jsonReply({ result: 0 }),
      write: true,
      done: () => {
        sessions = new Set();
        miner.set(memory.next);
        memory.next = {};
        miner.reboot();
      },
    };
  };
  return {
    miner,
    server: 'lighttpd/1.4.55',
    answer: (request) => {
      const name = /^\/cgi-bin\/([\w-]+)\.php$/.exec(request.path)?.[1] ?? '';
      if (name === 'login' && request.method === 'POST') return open(request);
      if (!sessions.has(sessionOf(request) ?? '')) return loginPage;
      if (name === 'reboot') return reboot();
      const page = Object.hasOwn(pages, name) ? pages[name] : undefined;
      return page ? page(miner, request, memory) : { status: 404, body: '404 - Not Found' };
    },
  };
};
