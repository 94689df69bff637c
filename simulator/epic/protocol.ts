import * as z from 'zod';
import type { ProtocolOf } from '../site/protocol.ts';
import { asJson, jsonReply, type WebReply, type WebRequest } from '../wire/web-server.ts';
import { EpicDevice } from './device.ts';
import { pages } from './reports.ts';
import { writes } from './writes.ts';

const body = z.looseObject({ param: z.unknown().optional(), password: z.string() });

/**
 * ePIC's PowerPlay: HTTP on 4028, where others have cgminer's API, and a dashboard on 80 (asic-rs and pyasic know it by that page's
 * title). Reads are open, writes carry the password in their body (github.com/epicblockchain/epic-dashboard, docs/API.md).
 */
export const epicProtocol: ProtocolOf = (miner, { nowMs, password = 'letmein' }) => {
  const device = new EpicDevice(miner, nowMs);
  const login = { password };
  return {
    http: {
      kind: 'web',
      miner,
      answer: (request) => answer(device, login, request),
      tooLarge: result('Body too large'),
    },
    vendorHttpPort: 4028,
    dashboard: {
      kind: 'web',
      miner,
      answer: ({ path }) => (path === '/' ? dashboard : { status: 404, body: 'Not Found' }),
    },
    login,
  };
};

const dashboard: WebReply = { status: 200, body: '<html><title>Miner Web Dashboard</title></html>' };

/** `param` is the new one. */
const newPassword = (login: { password: string }) => (_device: EpicDevice, param: unknown) =>
  typeof param === 'string' && param !== ''
    ? () => {
        login.password = param;
      }
    : 'Invalid parameters';

const result = (error: string | null): WebReply => jsonReply({ result: error === null, error });

const answer = (device: EpicDevice, login: { password: string }, request: WebRequest): WebReply => {
  const path = request.path.replace(/^\//, '').replace(/\/$/, '');
  if (request.method === 'GET') {
    if (path === '') return dashboard;
    const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
    return page ? jsonReply(page(device)) : { status: 404, body: 'Not Found', type: 'text/plain' };
  }
  const write =
    path === 'password' ? newPassword(login) : Object.hasOwn(writes, path) ? writes[path] : undefined;
  if (request.method !== 'POST' || !write) return { status: 404, body: 'Not Found', type: 'text/plain' };
  const parsed = body.safeParse(asJson(request.body));
  if (!parsed.success) return result('Invalid parameters');
  if (parsed.data.password !== login.password) return result('Incorrect password');
  if (device.miner.has('refuses_writes')) return result('Command refused');
  const effect = write(device, parsed.data.param);
  if (typeof effect === 'string') return result(effect);
  return {
    ...result(null),
    write: true,
    done: () => {
      device.lastCommand = path;
      effect();
    },
  };
};
