import * as z from 'zod';
import { randomFrom, seedOf } from '../physics/random.ts';
import type { ProtocolOf } from '../site/protocol.ts';
import { asJson, jsonReply, type WebReply, type WebRequest } from '../wire/web-server.ts';
import { VnishDevice } from './device.ts';
import { chains, factoryInfo, info, presets, settings, statusPane, summary } from './reports.ts';
import { vnishRpc } from './rpc.ts';
import { saveSettings } from './settings.ts';

/**
 * VNish 1.2 on Antminers: REST under `/api/v1`, as its own API page describes it. Reading the dashboard and finding the miner
 * are open; its summary, settings and all other writes want an unlocked session; the password alone unlocks. cgminer's reports are on TCP.
 */
export const vnishProtocol: ProtocolOf = (miner, { seed, nowMs, password = 'admin' }) => {
  const random = randomFrom(seedOf(seed, 'vnish', miner.identity.index));
  const device = new VnishDevice(miner, { random, nowMs });
  return {
    rpc: { kind: 'rpc', answer: (text) => vnishRpc(device, text) },
    http: { kind: 'web', miner, answer: (request) => answer(device, password, request) },
    login: { password },
  };
};

type Read = (device: VnishDevice, unlocked: boolean) => unknown;
const openPages: Readonly<Record<string, Read>> = {
  info,
  chains,
  status: statusPane,
  'chains/factory-info': factoryInfo,
};
const lockedPages: Readonly<Record<string, Read>> = { summary, settings, 'autotune/presets': presets };

const nothing: WebReply = { status: 200, body: '' };
const failure = (err: string, status = 500) => jsonReply({ err }, status);

const answer = (device: VnishDevice, password: string, request: WebRequest): WebReply => {
  if (request.path === '/') return { status: 200, body: '<!doctype html><title>AnthillOS</title>' };
  const path = request.path.replace(/^\/api\/v1\//, '').replace(/\/$/, '');
  if (request.method === 'POST' && path === 'unlock') return unlock(device, password, request);
  const unlocked = device.isUnlocked(request.headers.authorization);
  if (request.method === 'GET') {
    const open = Object.hasOwn(openPages, path) ? openPages[path] : undefined;
    const locked = Object.hasOwn(lockedPages, path) ? lockedPages[path] : undefined;
    if (locked && !unlocked) return { status: 401, body: '' };
    const page = open ?? locked;
    return page ? jsonReply(page(device, unlocked)) : { status: 404, body: '' };
  }
  if (request.method !== 'POST') return { status: 405, body: '' };
  const write = Object.hasOwn(writes, path) ? writes[path] : undefined;
  if (!write) return { status: 404, body: '' };
  if (!unlocked && path !== 'find-miner') return { status: 401, body: '' };
  if (device.miner.has('refuses_writes')) return failure('The miner is busy');
  return write(device, request);
};

const unlock = (device: VnishDevice, password: string, request: WebRequest): WebReply => {
  const given = z.object({ pw: z.string() }).safeParse(asJson(request.body));
  if (!given.success) return failure('The body does not fit');
  return given.data.pw === password
    ? jsonReply({ token: device.unlock() })
    : jsonReply({ unlock_timeout: 0 }, 403);
};

type Write = (device: VnishDevice, request: WebRequest) => WebReply;
const after =
  (effect: (device: VnishDevice) => void): Write =>
  (device) => ({ ...nothing, write: true, done: () => effect(device) });

const stop = after(({ miner }) => miner.set({ hashing: false }));
const start = after((device) => {
  device.miner.set({ hashing: true });
  if (device.restartRequired) device.restart();
});

const writes: Readonly<Record<string, Write>> = {
  'mining/stop': stop,
  'mining/pause': stop,
  'mining/start': start,
  'mining/resume': start,
  'mining/restart': after((device) => {
    device.miner.set({ hashing: true });
    device.restart();
  }),
  'system/reboot': (device) => ({
    ...jsonReply({ after: 3 }),
    write: true,
    done: () => device.reboot(),
  }),
  'find-miner': ({ miner }, request) => {
    const given = z.object({ on: z.boolean() }).safeParse(asJson(request.body));
    const on = given.success ? given.data.on : !miner.settings.ledOn;
    return { ...jsonReply({ on }), write: true, done: () => miner.set({ ledOn: on }) };
  },
  settings: (device, request) => {
    const saved = saveSettings(device, asJson(request.body));
    return saved
      ? { ...jsonReply(saved.answer), write: true, done: saved.effect }
      : failure('The body does not fit');
  },
  lock: (device, request) => ({ ...nothing, done: () => device.lock(request.headers.authorization) }),
};
