import type { LoginWayOf } from '../../credentials/login-way.ts';
import { newPassword } from '../../credentials/new-password.ts';
import { byToken, fieldsIn, jsonPost, tryLogin, tryWrite } from '../../credentials/try-login.ts';
import { listOf, textOf } from '../values.ts';

/**
 * FluxOS: `POST /token` gives a token for user and password, `POST /password` takes user, old and new under it (UpstreamData/pyasic,
 * `web/auradine.py`). Refusals come as 401, or as 200 with the status E.
 */
export const auradineLogin: LoginWayOf = ({ ioOf }) => {
  const ask = ({ username, password }: { username: string; password: string }) =>
    jsonPost('/token', { command: 'token', user: username, password });
  return {
    check: (login, signal) =>
      tryLogin(
        () => ioOf(login).web(ask(login), signal),
        (answer) => {
          const { STATUS, Token } = fieldsIn(answer);
          if (answer.status === 200 && textOf(listOf(STATUS)[0]?.STATUS) === 'E') return 'refused';
          return byToken(() => textOf(listOf(Token)[0]?.Token))(answer);
        },
      ),
    change: async (from, password, signal) => {
      const io = ioOf(from);
      const given = await io.web(ask(from), signal).catch(() => undefined);
      const token = given && textOf(listOf(fieldsIn(given).Token)[0]?.Token);
      if (token === undefined) return { kind: 'refused', detail: 'the miner gives no token' };
      const wanted = { command: 'password', user: from.username, old: from.password, new: password };
      return tryWrite(
        () => io.web(jsonPost('/password', wanted, { Token: token }), signal),
        (answer) => {
          const letter = textOf(listOf(fieldsIn(answer).STATUS)[0]?.STATUS);
          return answer.status === 200 && letter !== 'E' ? undefined : 'the miner refuses the new password';
        },
      );
    },
    newPassword: () => newPassword(16),
  };
};
