import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { firmwareView } from '../site/firmware-view.ts';
import type { ProtocolOf } from '../site/protocol.ts';
import type { Settings } from '../site/settings.ts';
import type { SimulatedMiner } from '../site/simulated-miner.ts';
import { asJson, jsonReply, type WebReply, type WebRequest } from '../wire/web-server.ts';
import {
  coolingStatus,
  errorList,
  hardware,
  miningStatus,
  networkInfo,
  poolsList,
  powerTargetRange,
  systemInfo,
  telemetry,
} from './reports.ts';

const tokenLifeMs = 3_600_000;
const failure = (status: number, code: string, message: string) =>
  jsonReply({ error: { code, message } }, status);
const message = (text: string) => jsonReply({ message: text });
const unprocessable = failure(422, 'INCORRECT_ARGS', 'Arguments are incorrect for query.');

const cooling = z.object({
  mode: z.enum(['Off', 'Auto', 'Manual']),
  speed_percentage: z.number().min(0).max(100).optional(),
});
const target = z.object({ power_target_watts: z.int().optional() });
const poolConfig = z.array(
  z.object({
    url: z.string().min(1),
    username: z.string(),
    password: z.string().default(''),
    priority: z.int().min(0),
  }),
);

type Rig = { readonly miner: SimulatedMiner; powerTargetW: number };

const restarted = (rig: Rig, change: Partial<Settings>, reply: WebReply): WebReply => ({
  ...reply,
  write: true,
  done: () => rig.miner.set(change),
});

/** The writing endpoints; undefined for what is none. */
const write = (rig: Rig, { method, path, body }: WebRequest): WebReply | undefined => {
  const { miner } = rig;
  switch (`${method} ${path}`) {
    case 'POST /api/v1/mining/start':
      return restarted(rig, { hashing: true }, message('Mining started'));
    case 'POST /api/v1/mining/stop':
      return restarted(rig, { hashing: false }, message('Mining stopped'));
    case 'PUT /api/v1/mining/target': {
      const parsed = target.safeParse(asJson(body));
      const wantedW = parsed.data?.power_target_watts ?? rig.powerTargetW;
      if (!parsed.success || wantedW < powerTargetRange.min || wantedW > powerTargetRange.max)
        return unprocessable;
      return {
        ...jsonReply({ ...miningTarget(rig), power_target_watts: wantedW }),
        write: true,
        done: () => {
          rig.powerTargetW = wantedW;
          miner.set({ powerLimitW: wantedW });
        },
      };
    }
    case 'PUT /api/v1/cooling': {
      const parsed = cooling.safeParse(asJson(body));
      if (!parsed.success) return unprocessable;
      const { mode, speed_percentage: dutyPct } = parsed.data;
      return restarted(
        rig,
        { fanDutyPct: mode === 'Manual' ? (dutyPct ?? 100) : undefined },
        jsonReply(coolingStatus(miner, firmwareView(miner))),
      );
    }
    case 'POST /api/v1/pools': {
      const parsed = poolConfig.safeParse(asJson(body));
      const priorities = parsed.data?.map(({ priority }) => priority) ?? [];
      if (!parsed.success || new Set(priorities).size !== priorities.length) return unprocessable;
      const pools = parsed.data
        .toSorted((one, other) => one.priority - other.priority)
        .map(({ url, username, password }) => ({ url, user: username, password }));
      return restarted(rig, { pools }, message('Pools created'));
    }
    case 'POST /api/v1/system/reboot':
      return { ...message('Rebooting'), write: true, done: () => miner.reboot() };
    case 'POST /api/v1/system/locate':
      return restarted(rig, { ledOn: true }, message('Locating'));
    default:
      return undefined;
  }
};

const miningTarget = ({ powerTargetW }: Rig) => ({
  power_target_watts: powerTargetW,
  power_target_min_watts: powerTargetRange.min,
  power_target_max_watts: powerTargetRange.max,
  default_power_target_watts: 7_700,
  performance_mode: 'MaximumHashrate',
  hash_on_disconnect: false,
  balance_bays: false,
});

const read = (rig: Rig, { path, url }: WebRequest, nowMs: number): WebReply | undefined => {
  const { miner } = rig;
  const view = firmwareView(miner);
  switch (path) {
    case '/api/v1/mining':
      return jsonReply(miningStatus(miner, view, rig.powerTargetW));
    case '/api/v1/mining/target':
      return jsonReply(miningTarget(rig));
    case '/api/v1/telemetry': {
      const asked = new URLSearchParams(url.split('?')[1] ?? '')
        .getAll('level')
        .flatMap((word) => word.split(','));
      return jsonReply(telemetry(view, new Set(asked.length > 0 ? asked : ['miner']), nowMs));
    }
    case '/api/v1/cooling':
      return jsonReply(coolingStatus(miner, view));
    case '/api/v1/pools':
      return jsonReply(poolsList(view));
    case '/api/v1/errors':
      return jsonReply(errorList(miner, view, nowMs));
    case '/api/v1/system':
      return jsonReply(systemInfo(miner, view));
    case '/api/v1/network':
      return jsonReply(networkInfo(miner));
    default:
      return undefined;
  }
};

/**
 * Proto OS of a Proto Rig: the REST API of the maker's OpenAPI document (MDK-API, in block/proto-fleet). A password gives a
 * bearer token; without it there are only the hardware's inventory, what the system and its network are (the maker's fake rig,
 * `rest_api.go` there), and the dashboard's page. There is no RPC port.
 */
export const protoProtocol: ProtocolOf = (miner, { nowMs, password = 'proto-sim-1' }) => {
  const rig: Rig = { miner, powerTargetW: Math.round(miner.model.powerW) };
  const tokens = new Map<string, number>();
  const logIn = (body: string): WebReply => {
    const parsed = z.object({ password: z.string() }).safeParse(asJson(body));
    if (!parsed.success) return unprocessable;
    if (parsed.data.password !== password) return failure(401, 'UNAUTHORIZED', 'Invalid password');
    const token = randomBytes(18).toString('base64url');
    tokens.set(token, nowMs() + tokenLifeMs);
    return jsonReply({ access_token: token, refresh_token: randomBytes(18).toString('base64url') });
  };
  const isKnown = (request: WebRequest) => {
    const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    return (tokens.get(token) ?? 0) > nowMs();
  };
  return {
    http: {
      kind: 'web',
      miner,
      answer: (request) => {
        const { method, path } = request;
        if (path === '/')
          return {
            status: 200,
            body: '<!doctype html><html><head><title>Proto OS</title></head><body></body></html>',
          };
        if (path === '/api/v1/auth/login') return method === 'POST' ? logIn(request.body) : unprocessable;
        if (path === '/api/v1/hardware') return jsonReply(hardware(miner, firmwareView(miner)));
        if (method === 'GET' && (path === '/api/v1/system' || path === '/api/v1/network'))
          return read(rig, request, nowMs()) ?? failure(404, 'NOT_FOUND', 'Not found');
        if (path === '/api/v1/pairing/info')
          return jsonReply({ cb_sn: miner.identity.serialNumber, mac: miner.identity.macAddress });
        if (!path.startsWith('/api/v1/')) return failure(404, 'NOT_FOUND', 'Not found');
        if (!isKnown(request)) return failure(401, 'UNAUTHORIZED', 'Unauthorized');
        if (method === 'GET') return read(rig, request, nowMs()) ?? failure(404, 'NOT_FOUND', 'Not found');
        const reply = write(rig, request);
        if (!reply) return failure(404, 'NOT_FOUND', 'Not found');
        if (miner.has('refuses_writes')) return failure(409, 'CONFLICT', 'The miner is busy');
        // Tokens are signed with a key that a boot makes anew.
        if (path === '/api/v1/system/reboot') tokens.clear();
        return reply;
      },
    },
    login: { username: 'admin', password },
  };
};
