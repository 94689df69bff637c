import { createCipheriv, createHash } from 'node:crypto';
import type { Wanted } from '../put-back.ts';

type FrameWrite = { readonly command: string; readonly param?: unknown; readonly sealed?: boolean };

/** The API 3 command of what is wanted, or undefined where it has none. */
export const frameWriteFor = (wanted: Wanted): FrameWrite | undefined => {
  switch (wanted.type) {
    case 'MINER_RESTART':
      return { command: 'set.system.reboot' };
    case 'HASHING_DISABLE':
      return { command: 'set.miner.service', param: 'stop' };
    case 'HASHING_ENABLE':
      return { command: 'set.miner.service', param: 'start' };
    case 'POWER_MODE':
      return wanted.params.mode === 'sleep'
        ? undefined
        : { command: 'set.miner.power_mode', param: wanted.params.mode };
    case 'POWER_LIMIT':
      return { command: 'set.miner.power_limit', param: wanted.params.limitW };
    case 'POOL_SET':
      return {
        command: 'set.miner.pools',
        param: wanted.params.pools.map(({ url, user, password }) => ({
          pool: url,
          worker: user,
          passwd: password,
        })),
        sealed: true,
      };
    case 'LED':
      return {
        command: 'set.system.led',
        param: wanted.params.on ? [{ color: 'red', period: 200, duration: 100, start: 0 }] : 'auto',
      };
    case 'SET_FAN':
    case 'FAN_AUTO':
    case 'FREQUENCY_SET':
      return undefined;
  }
};

type Seal = {
  readonly account: string;
  readonly password: string;
  readonly salt: string;
  readonly atS: number;
};

/**
 * The request of a write. Its token is the first eight characters of the base64 of SHA-256 over command, password, salt and time;
 * a sealed parameter stands under that hash as the key, AES-256-ECB, padded by PKCS 7.
 */
export const sealedRequest = (
  { command, param, sealed = false }: FrameWrite,
  { account, password, salt, atS }: Seal,
) => {
  const digest = createHash('sha256').update(`${command}${password}${salt}${atS}`).digest();
  const seal = (value: unknown) => {
    const cipher = createCipheriv('aes-256-ecb', digest, null);
    return Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()]).toString('base64');
  };
  return JSON.stringify({
    cmd: command,
    ts: atS,
    token: digest.toString('base64').slice(0, 8),
    account,
    ...(param !== undefined && { param: sealed ? seal(param) : param }),
  });
};
