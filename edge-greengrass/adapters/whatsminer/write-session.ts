import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';
import { parseLooseJson } from '../../io/loose-json.ts';
import { MinerFault } from '../../io/miner-fault.ts';
import { type Fields, fieldsOf, numberOf, textOf } from '../values.ts';
import { md5Crypt } from './md5-crypt.ts';

/** A token's keys; the miner keeps 32 tokens a client for 30 minutes. */
export type WriteSession = { readonly aesKey: Buffer; readonly token: string; readonly openedAtMs: number };

export const sessionLifetimeMs = 25 * 60_000;
export const apiCode = {
  ok: 131,
  failed: 132,
  badCommand: 14,
  badJson: 23,
  denied: 45,
  token: 134,
  tokenCheck: 135,
  tokensFull: 136,
} as const;

/** `Code` and `Msg` stand bare in API 2 answers, and inside a STATUS list in cgminer's. */
export const codeOf = (answer: Fields) => {
  const status = Array.isArray(answer.STATUS) ? fieldsOf(answer.STATUS[0]) : {};
  return numberOf(answer.Code) ?? numberOf(status.Code);
};

/** Opens a session from the answer of `get_token`. Throws MinerFault `denied` when the miner gives none. */
export const openSession = (answer: Fields, password: string, nowMs: number): WriteSession => {
  const message = fieldsOf(answer.Msg);
  const [salt, newSalt, time] = [
    textOf(message.salt),
    textOf(message.newsalt),
    textOf(message.time) ?? numberOf(message.time),
  ];
  if (salt === undefined || newSalt === undefined || time === undefined) {
    throw new MinerFault('denied', `the miner gives no token (code ${codeOf(answer) ?? 'absent'})`);
  }
  const key = md5Crypt(password, salt);
  return {
    aesKey: createHash('sha256').update(key).digest(),
    token: md5Crypt(`${key}${time}`, newSalt),
    openedAtMs: nowMs,
  };
};

/** The request line of a write: AES-256-ECB under the session's key, zero-padded, base64. */
export const sealWrite = (
  session: WriteSession,
  command: string,
  params: Readonly<Record<string, string | number>>,
) => {
  const plain = Buffer.from(JSON.stringify({ token: session.token, cmd: command, ...params }), 'utf8');
  const padded = Buffer.alloc(Math.ceil(plain.length / 16) * 16);
  plain.copy(padded);
  const cipher = createCipheriv('aes-256-ecb', session.aesKey, null).setAutoPadding(false);
  return JSON.stringify({
    enc: 1,
    data: Buffer.concat([cipher.update(padded), cipher.final()]).toString('base64'),
  });
};

/** Opens an `{"enc": …}` answer, padded with zeros or by PKCS 7; an answer in clear is given back as it is. */
export const openAnswer = (session: WriteSession, answer: Fields): Fields => {
  const sealed = textOf(answer.enc) ?? (answer.enc === undefined ? undefined : textOf(answer.data));
  if (sealed === undefined) return answer;
  const bytes = Buffer.from(sealed, 'base64');
  if (bytes.length === 0 || bytes.length % 16 !== 0)
    throw new MinerFault('unparseable', 'the sealed answer is cut short');
  const decipher = createDecipheriv('aes-256-ecb', session.aesKey, null).setAutoPadding(false);
  const plain = Buffer.concat([decipher.update(bytes), decipher.final()]).toString('utf8');
  return fieldsOf(parseLooseJson(plain.slice(0, plain.lastIndexOf('}') + 1)));
};
