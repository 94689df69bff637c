import * as z from 'zod';
import { randomFrom, seedOf } from '../physics/random.ts';
import { firmwareView } from '../site/firmware-view.ts';
import type { ProtocolOf } from '../site/protocol.ts';
import type { RpcAnswer } from '../wire/rpc-connection.ts';
import { asJson, jsonReply, type WebReply, type WebRequest } from '../wire/web-server.ts';
import { description, type Report, rpcReport, webReport } from './reports.ts';
import { Tokens } from './tokens.ts';
import { writes } from './writes.ts';

const rpcRequest = z.looseObject({ command: z.string() });
const loginBody = z.looseObject({ user: z.string(), password: z.string() });
const passwordBody = z.looseObject({ user: z.string(), old: z.string(), new: z.string().min(1) });

/**
 * An Auradine under FluxOS: cgminer's port for reading, and a web port of its own whose every answer but the token's needs one in the
 * header `Token`.
 */
export const auradineProtocol: ProtocolOf = (miner, { seed, nowMs, password: initial = 'admin' }) => {
  let password = initial;
  const tokens = new Tokens(randomFrom(seedOf(seed, 'tokens', miner.identity.index)), nowMs);
  const envelope = (letter: 'S' | 'E', code: number, msg: string, rest: Record<string, unknown> = {}) => ({
    STATUS: [
      { STATUS: letter, When: Math.floor(nowMs() / 1000), Code: code, Msg: msg, Description: description },
    ],
    ...rest,
    id: 1,
  });
  const said = ({ section, code, msg, rows }: Report) => envelope('S', code, msg, { [section]: rows });

  const answerRpc = (text: string): RpcAnswer => {
    const parsed = rpcRequest.safeParse(asJson(text.replace(/\0.*$/s, '')));
    const report = parsed.success ? rpcReport(parsed.data.command, miner, firmwareView(miner)) : undefined;
    const reply = report
      ? said(report)
      : parsed.success
        ? envelope('E', 14, 'Invalid command')
        : envelope('E', 23, 'Invalid JSON');
    return { bytes: Buffer.from(`${JSON.stringify(reply)}\0`, 'utf8'), keepOpen: false };
  };

  const giveToken = (body: string): WebReply => {
    const parsed = loginBody.safeParse(asJson(body));
    return parsed.success && parsed.data.user === 'admin' && parsed.data.password === password
      ? jsonReply(envelope('S', 610, 'Token', { Token: [{ Token: tokens.issue() }] }))
      : jsonReply(envelope('E', 45, 'Invalid user or password'), 401);
  };

  const changePassword = (body: string): WebReply => {
    const parsed = passwordBody.safeParse(asJson(body));
    if (!parsed.success || parsed.data.old !== password)
      return jsonReply(envelope('E', 45, 'Invalid password'));
    password = parsed.data.new;
    tokens.end();
    return { ...jsonReply(envelope('S', 600, 'Password changed')), write: true };
  };

  const post = (name: string, body: string): WebReply => {
    if (miner.has('refuses_writes'))
      return jsonReply(envelope('E', 45, `Access denied to '${name}' command`));
    if (name === 'password') return changePassword(body);
    const write = Object.hasOwn(writes, name) ? writes[name] : undefined;
    if (!write) return jsonReply(envelope('E', 14, 'Invalid command'), 404);
    const effect = write(miner, asJson(body));
    if (!effect) return jsonReply(envelope('E', 23, `Invalid parameters for '${name}'`));
    return { ...jsonReply(envelope('S', 540, `${name} set`)), write: true, done: effect };
  };

  const answerWeb = ({ method, path, headers, body }: WebRequest): WebReply => {
    const name = path.slice(1);
    if (name === 'token' && method === 'POST') return giveToken(body);
    if (!tokens.holds(headers.token)) return jsonReply(envelope('E', 45, 'Invalid or expired token'), 401);
    if (method === 'POST') return post(name, body);
    const report = webReport(name, miner, firmwareView(miner));
    return report ? jsonReply(said(report)) : jsonReply(envelope('E', 14, 'Invalid command'), 404);
  };

  return {
    rpc: { kind: 'rpc', answer: answerRpc },
    http: { kind: 'web', miner, answer: answerWeb },
    vendorHttpPort: 8080,
    login: {
      username: 'admin',
      get password() {
        return password;
      },
    },
  };
};
