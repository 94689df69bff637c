import * as z from 'zod';
import type { ProtocolOf } from '../site/protocol.ts';
import type { RpcAnswer } from '../wire/rpc-connection.ts';
import { asJson } from '../wire/web-server.ts';
import { fullVersion, LuxosDevice } from './device.ts';
import { reporters } from './reports.ts';
import { poolWrites, sessionWrites, type WriteResult } from './writes.ts';

const request = z.looseObject({
  command: z.string(),
  parameter: z.union([z.string(), z.number()]).optional(),
});

/**
 * LuxOS on Antminers: cgminer's API on TCP 4028, without a login. Writes want the one session that there is
 * (docs.luxor.tech/firmware/api). The codes of writes whose pages were not to be had (LED, fans, restarts) are made up:
 * clients read STATUS.
 */
export const luxosProtocol: ProtocolOf = (miner, { seed, nowMs }) => {
  const device = new LuxosDevice(miner, { seed, nowMs });
  return { rpc: { kind: 'rpc', answer: (text) => answer(device, text) }, login: {} };
};

const answer = (device: LuxosDevice, text: string): RpcAnswer | undefined => {
  if (!device.miner.processUp) return undefined;
  const reply = replyTo(device, text.replace(/\0.*$/s, '').trim());
  if (reply === undefined) return { bytes: Buffer.alloc(0), keepOpen: true };
  return { bytes: Buffer.from(JSON.stringify(reply), 'utf8'), keepOpen: false };
};

/** Undefined when the answer of a write is to be lost. */
const replyTo = (device: LuxosDevice, text: string) => {
  const json = asJson(text);
  if (json === undefined) return status(device, 'E', 23, 'Invalid JSON');
  const parsed = request.safeParse(json);
  if (!parsed.success) return status(device, 'E', 24, "Missing JSON 'command'");
  const { command, parameter = '' } = parsed.data;
  if (command.includes('+')) {
    const parts = command.split('+').map((name) => [name, [report(device, name, '')]]);
    return { ...Object.fromEntries(parts), id: 1 };
  }
  return (write(device, command, String(parameter)) ?? { reply: report(device, command, String(parameter)) })
    .reply;
};

const report = (device: LuxosDevice, command: string, parameter: string) => {
  const reporter = Object.hasOwn(reporters, command) ? reporters[command] : undefined;
  if (!reporter) return status(device, 'E', 14, 'Invalid command');
  const found = reporter(device, parameter);
  if (!found) return status(device, 'E', 304, 'Invalid parameter');
  return { ...found.sections, ...status(device, 'S', found.code, found.msg) };
};

/** Undefined for what is no write; a lost answer is an undefined reply. */
const write = (
  device: LuxosDevice,
  command: string,
  parameter: string,
): { readonly reply: unknown } | undefined => {
  const parameters = parameter.split(',').map((part) => part.trim());
  if (command === 'logon') return { reply: logon(device) };
  if (command === 'kill')
    return carryOut(device, {
      code: 318,
      msg: 'Session killed',
      effect: () => device.session.drop(),
    });
  if (Object.hasOwn(poolWrites, command)) {
    const result = poolWrites[command]?.(device, parameters);
    return result && carryOut(device, result);
  }
  const sessionWrite = Object.hasOwn(sessionWrites, command) ? sessionWrites[command] : undefined;
  if (!sessionWrite) return undefined;
  const [id = '', ...others] = parameters;
  if (!device.session.use(id)) return { reply: status(device, 'E', 301, 'Invalid session id') };
  return carryOut(device, sessionWrite(device, others));
};

const carryOut = (device: LuxosDevice, result: WriteResult) => {
  if (device.miner.has('refuses_writes')) return { reply: status(device, 'E', 45, 'Access denied') };
  if ('refusal' in result) return { reply: status(device, 'E', result.code, result.refusal) };
  const reply = {
    ...(result.section && { [result.section[0]]: [result.section[1]] }),
    ...status(device, 'S', result.code, result.msg),
  };
  result.effect();
  return { reply: device.miner.has('lost_answers') ? undefined : reply };
};

const logon = (device: LuxosDevice) => {
  const id = device.session.open();
  return id === undefined
    ? status(device, 'E', 402, 'Another session is active')
    : { SESSION: [{ SessionID: id }], ...status(device, 'S', 316, 'Session created') };
};

const status = (device: LuxosDevice, letter: 'S' | 'E', code: number, msg: string) => ({
  STATUS: [
    {
      Code: code,
      Description: `LUXminer ${fullVersion}`,
      Msg: msg,
      STATUS: letter,
      When: Math.floor(device.nowMs() / 1000),
    },
  ],
  id: 1,
});
