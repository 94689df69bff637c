import { randomBytes } from 'node:crypto';
import type { HttpAnswer } from '../../io/http-exchange.ts';
import { parseLooseJson } from '../../io/loose-json.ts';
import { MinerFault } from '../../io/miner-fault.ts';
import { LostAnswer } from '../../io/tcp-exchange.ts';
import type { MinerIo } from '../miner-io.ts';
import { type Fields, fieldsOf, numberOf } from '../values.ts';

type Login = { readonly username: string; readonly password: string };

const form = 'application/x-www-form-urlencoded; charset=UTF-8';
const pageOf = (name: string) => `/cgi-bin/${name}.php`;

/** Without a session every page is the login page. */
const isLoginPage = ({ status, body }: HttpAnswer) =>
  status === 401 || status === 302 || (status === 200 && /^\s*</.test(body));

/**
 * The PHP session of a Sealminer's web interface. login.php answers `{"state":0}` and gives a PHPSESSID unless the client
 * brings one, which it does here so that either firmware is content (256foundation/asic-rs takes the server's, bitcap-ipr its
 * own). A request that met the login page has had no effect, so it is sent once more after a login.
 */
export const webSession = (io: MinerIo, { username, password }: Login) => {
  let cookie: string | undefined;

  const logIn = async (signal?: AbortSignal) => {
    const own = `userLanguage=en; PHPSESSID=${randomBytes(13).toString('hex')}`;
    const body = new URLSearchParams({ username, origin_pwd: password }).toString();
    const headers = { 'content-type': form, 'x-requested-with': 'XMLHttpRequest', cookie: own };
    const answer = await io
      .web({ method: 'POST', path: pageOf('login'), headers, body }, signal)
      .catch((error: unknown) => {
        // A login changes nothing, so its lost answer is no lost write.
        throw error instanceof LostAnswer ? new MinerFault(error.kind, error.message) : error;
      });
    if (isLoginPage(answer) || numberOf(fieldsOf(parseLooseJson(answer.body)).state) !== 0)
      throw new MinerFault('denied', 'the miner refuses the configured web credentials');
    cookie = answer.header('set-cookie')?.split(';')[0] ?? own;
    return cookie;
  };

  /** Rejects with `denied` when the login is wrong, `unparseable` when the answer is no JSON. */
  return async (
    method: 'GET' | 'POST',
    page: string,
    body?: Fields,
    signal?: AbortSignal,
  ): Promise<Fields> => {
    for (let attempt = 0; attempt < 2; attempt++) {
      const session: string = attempt === 0 ? (cookie ?? (await logIn(signal))) : await logIn(signal);
      const answer = await io.web(
        {
          method,
          path: pageOf(page),
          headers: { cookie: session },
          body: body && JSON.stringify(body),
        },
        signal,
      );
      if (isLoginPage(answer)) continue;
      if (answer.status !== 200) throw new MinerFault('denied', `the web interface answers ${answer.status}`);
      return fieldsOf(parseLooseJson(answer.body));
    }
    cookie = undefined;
    throw new MinerFault('denied', 'the web interface asks for the login again');
  };
};
