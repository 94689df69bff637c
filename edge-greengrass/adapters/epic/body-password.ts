import type { LoginWayOf } from '../../credentials/login-way.ts';
import { newPassword } from '../../credentials/new-password.ts';
import { fieldsIn, jsonPost, tryLogin, tryWrite } from '../../credentials/try-login.ts';
import { fieldsOf, textOf } from '../values.ts';

/**
 * ePIC: every POST carries the password in its body, and `POST /password` takes the new one as `param` (epicblockchain/epic-dashboard, README).
 * There is no login of its own: telling the light to stay as it is changes nothing, and is refused under a wrong password.
 */
export const epicLogin: LoginWayOf = ({ ioOf }) => ({
  check: async (login, signal) => {
    const io = ioOf(login);
    const summary = await io.web({ method: 'GET', path: '/summary' }, signal).catch(() => undefined);
    const light = summary && fieldsOf(fieldsIn(summary).Misc)['Locate Miner State'];
    if (typeof light !== 'boolean') return 'unknown';
    return tryLogin(
      () => io.web(jsonPost('/identify', { param: light, password: login.password }), signal),
      (answer) => {
        const { result, error } = fieldsIn(answer);
        if (result === true) return 'accepted';
        return /password/i.test(textOf(error) ?? '') || answer.status === 401 ? 'refused' : 'unknown';
      },
    );
  },
  change: (from, password, signal) =>
    tryWrite(
      () => ioOf(from).web(jsonPost('/password', { param: password, password: from.password }), signal),
      (answer) => (fieldsIn(answer).result === true ? undefined : 'the miner refuses the new password'),
    ),
  newPassword: () => newPassword(16),
});
