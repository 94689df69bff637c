import type { LoginWayOf } from '../../credentials/login-way.ts';
import { newPassword } from '../../credentials/new-password.ts';
import { asMinerFault } from '../../io/miner-fault.ts';
import { LostAnswer } from '../../io/tcp-exchange.ts';
import type { MinerIo } from '../miner-io.ts';
import { apiCode, codeOf, openAnswer, openSession, sealWrite } from './write-session.ts';

const tokenFaults = new Set<number | undefined>([
  apiCode.tokenCheck,
  apiCode.tokensFull,
  apiCode.token,
  apiCode.badJson,
]);

/** Seals one command under a fresh token; tokens end with the password, so none is kept. */
const say = async (
  io: MinerIo,
  password: string,
  nowMs: number,
  command: string,
  params: Readonly<Record<string, string>>,
  signal?: AbortSignal,
) => {
  const session = openSession(await io.rpc(JSON.stringify({ cmd: 'get_token' }), signal), password, nowMs);
  const answer = await io.rpc(sealWrite(session, command, params), signal);
  return { answer, opened: openAnswer(session, answer) };
};

/**
 * The administrator's password of API 2.0.x, from which tokens and the cipher's key are made (WhatsminerAPI 2.0.5, `get_token`,
 * `update_pwd`). A sealed command of an unknown name changes nothing: under the right password its answer is sealed too, or says that the
 * command is not there (14); under a wrong one the miner cannot read it (23, 135). `update_pwd` takes at most eight bytes. Firmware may refuse it
 * while the factory's password holds, as it does every write (45).
 */
export const whatsminerLogin: LoginWayOf = ({ ioOf, nowMs }) => ({
  check: async (login, signal) => {
    try {
      const { answer, opened } = await say(ioOf(login), login.password, nowMs(), 'check_login', {}, signal);
      if (answer.enc !== undefined && codeOf(opened) !== undefined) return 'accepted';
      const code = codeOf(answer);
      if (code === apiCode.tokensFull) return 'unknown';
      if (tokenFaults.has(code)) return 'refused';
      return code === apiCode.badCommand || code === apiCode.denied ? 'accepted' : 'unknown';
    } catch {
      return 'unknown';
    }
  },
  change: async (from, password, signal) => {
    let isSent = false;
    try {
      const io = ioOf(from);
      const counted: MinerIo = {
        ...io,
        rpc: (request, stop) => {
          isSent = request.startsWith('{"enc"');
          return io.rpc(request, stop);
        },
      };
      const params = { old: from.password, new: password };
      const { opened } = await say(counted, from.password, nowMs(), 'update_pwd', params, signal);
      const code = codeOf(opened);
      return code === apiCode.ok
        ? { kind: 'done' }
        : { kind: 'refused', detail: `the miner refuses update_pwd (code ${code ?? 'absent'})` };
    } catch (error) {
      const fault = asMinerFault(error);
      const mayHaveArrived = isSent && (fault instanceof LostAnswer || fault.kind === 'unparseable');
      return { kind: mayHaveArrived ? 'lost' : 'refused', detail: fault.message };
    }
  },
  newPassword: () => newPassword(8),
});
