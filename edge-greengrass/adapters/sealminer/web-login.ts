import type { LoginWayOf } from '../../credentials/login-way.ts';
import { newPassword } from '../../credentials/new-password.ts';
import { fieldsIn, tryLogin } from '../../credentials/try-login.ts';
import { numberOf } from '../values.ts';

/** Sealminer: login.php takes a form and answers `{"state":0}` where it lets in (256foundation/asic-rs, bitcap-ipr). */
export const sealminerLogin: LoginWayOf = ({ ioOf }) => ({
  check: (login, signal) => {
    const body = new URLSearchParams({ username: login.username, origin_pwd: login.password }).toString();
    const headers = {
      'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
      'x-requested-with': 'XMLHttpRequest',
    };
    return tryLogin(
      () => ioOf(login).web({ method: 'POST', path: '/cgi-bin/login.php', headers, body }, signal),
      (answer) => {
        const state = numberOf(fieldsIn(answer).state);
        if (state === undefined) return answer.status === 401 ? 'refused' : 'unknown';
        return state === 0 ? 'accepted' : 'refused';
      },
    );
  },
  newPassword: () => newPassword(16),
});
