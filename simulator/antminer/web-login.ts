import * as z from 'zod';
import type { SimulatedMiner } from '../site/simulated-miner.ts';
import { asJson, jsonReply, type WebReply, type WebRequest } from '../wire/web-server.ts';

/** The page answers first, sleeps a second, and then puts the new digest file in place. */
const takesEffectMs = 1_000;

/** The login of a miner's web interface. Its password can be changed, with a delay. */
export type WebLogin = {
  readonly username: string;
  readonly password: string;
  readonly change: (next: string) => void;
};

export const webLogin = (username: string, first: string, nowMs: () => number): WebLogin => {
  let current = first;
  let coming: { readonly password: string; readonly atMs: number } | undefined;
  return {
    username,
    get password() {
      if (coming && nowMs() >= coming.atMs) {
        current = coming.password;
        coming = undefined;
      }
      return current;
    },
    change: (password) => {
      coming = { password, atMs: nowMs() + takesEffectMs };
    },
  };
};

const said = z.object({ curPwd: z.string(), newPwd: z.string(), confirmPwd: z.string() });
const answers = [
  'OK!',
  'Current password invalid!',
  'New password is null!',
  'Confirm password is null!',
  'New Password does not match!',
] as const;
const answer = (code: 0 | 1 | 2 | 3 | 4): WebReply =>
  jsonReply({ stats: code === 0 ? 'success' : 'error', code: `P00${code}`, msg: answers[code] });

/** passwd.cgi as the firmware's own script does it: `curPwd`, `newPwd` and `confirmPwd` as JSON, whatever the content type says. */
export const passwordPage = (miner: SimulatedMiner, request: WebRequest, login: WebLogin): WebReply => {
  const parsed = said.safeParse(asJson(request.body));
  if (request.method !== 'POST' || !parsed.success || miner.has('refuses_writes')) return answer(1);
  const { curPwd, newPwd, confirmPwd } = parsed.data;
  if (curPwd !== login.password) return answer(1);
  if (newPwd === '') return answer(2);
  if (confirmPwd === '') return answer(3);
  if (newPwd !== confirmPwd) return answer(4);
  return {
    ...answer(0),
    write: true,
    done: () => {
      if (!miner.has('no_effect')) login.change(newPwd);
    },
  };
};

/**
 * passwd.cgi of the generations before the S19: `current_pw`, `new_pw` and `new_pw_ctrl` in the query, each of which must hold something; a
 * page of words for an answer (bitmaintech/Antminer_firmware, `www_miner/cgi-bin/passwd.cgi`).
 */
export const passwordForm = (miner: SimulatedMiner, request: WebRequest, login: WebLogin): WebReply => {
  const said = (message: string): WebReply => ({
    status: 200,
    body: `<html><body><h2>${message}</h2></body></html>`,
    type: 'text/html',
  });
  const fields = new URLSearchParams(request.url.split('?')[1] ?? '');
  const [current, next, again] = ['current_pw', 'new_pw', 'new_pw_ctrl'].map(
    (name) => fields.get(name) ?? '',
  );
  if (miner.has('refuses_writes') || current !== login.password) return said('Invalid Password');
  if (!next || !again) return said('New Password must be set');
  if (next !== again) return said('New Password does not match');
  return {
    ...said('Updating Password'),
    write: true,
    done: () => {
      if (!miner.has('no_effect')) login.change(next);
    },
  };
};
