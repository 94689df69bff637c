import type { LoginWayOf } from '../../credentials/login-way.ts';
import { newPassword } from '../../credentials/new-password.ts';
import { parseLooseJson } from '../../io/loose-json.ts';
import { asMinerFault } from '../../io/miner-fault.ts';
import { LostAnswer } from '../../io/tcp-exchange.ts';
import { fieldsOf, textOf } from '../values.ts';

const page = '/cgi-bin/passwd.cgi';
/** The generations whose pages take forms. */
const takesForms = (model: string | undefined) => /\b[STLDZ](?:3|5|7|9|11|15|17)(?![0-9])/.test(model ?? '');
const codeOf = (body: string) => {
  try {
    const { stats, code } = fieldsOf(parseLooseJson(body));
    return { isDone: textOf(stats) === 'success', code: textOf(code) };
  } catch {
    return { isDone: false, code: undefined };
  }
};

/**
 * The login of an Antminer's web interface: digest, realm `antMiner Configuration`, kept in `/config/lighttpd-htdigest.user`. The script
 * passwd.cgi takes `{"curPwd","newPwd","confirmPwd"}` and answers `P000`, or `P001` to `P004` for a wrong, missing or unequal password; it
 * answers first and puts the new file in place a second later. It reads one line and hands it through a shell unquoted, so a password is
 * letters and digits only. Older generations take `current_pw`, `new_pw` and `new_pw_ctrl` from the query. Source: the scripts themselves, as
 * published in bitmaintech/Antminer_firmware (`www_miner/cgi-bin/passwd.cgi`) and dumps of S19 firmware.
 */
export const antminerLogin: LoginWayOf = ({ ioOf, model }) => ({
  check: async (login, signal) => {
    try {
      const { status } = await ioOf(login).http('GET', '/cgi-bin/get_system_info.cgi', undefined, signal);
      return status === 200 ? 'accepted' : 'unknown';
    } catch (error) {
      return asMinerFault(error).kind === 'denied' ? 'refused' : 'unknown';
    }
  },
  change: async (from, password, signal) => {
    const io = ioOf(from);
    const form = new URLSearchParams({
      current_pw: from.password,
      new_pw: password,
      new_pw_ctrl: password,
    });
    try {
      const answer = takesForms(model)
        ? await io.http('GET', `${page}?${form}`, undefined, signal)
        : await io.http(
            'POST',
            page,
            JSON.stringify({ curPwd: from.password, newPwd: password, confirmPwd: password }),
            signal,
          );
      if (answer.status !== 200)
        return { kind: 'refused', detail: `the password page answers ${answer.status}` };
      if (takesForms(model))
        return /invalid|must be set|does not match/i.test(answer.body)
          ? { kind: 'refused', detail: 'the password page refuses' }
          : { kind: 'done' };
      const { isDone, code } = codeOf(answer.body);
      return isDone
        ? { kind: 'done' }
        : { kind: 'refused', detail: `the password page refuses (${code ?? 'without a code'})` };
    } catch (error) {
      const fault = asMinerFault(error);
      return { kind: fault instanceof LostAnswer ? 'lost' : 'refused', detail: fault.message };
    }
  },
  newPassword: () => newPassword(16),
});
