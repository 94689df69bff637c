import type { LoginWayOf } from '../../credentials/login-way.ts';
import { newPassword } from '../../credentials/new-password.ts';
import { tryLogin } from '../../credentials/try-login.ts';

/** Elphapex: digest authentication as an Antminer's, under the realm of Daoge Miner (256foundation/asic-rs `elphapex`). */
export const elphapexLogin: LoginWayOf = ({ ioOf }) => ({
  check: (login, signal) =>
    tryLogin(
      () => ioOf(login).http('GET', '/cgi-bin/get_system_info.cgi', undefined, signal),
      ({ status }) => (status === 200 ? 'accepted' : 'unknown'),
    ),
  newPassword: () => newPassword(16),
});
