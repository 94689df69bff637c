import { createDecipheriv, createHash } from 'node:crypto';
import * as z from 'zod';
import { randomFrom, seedOf } from '../physics/random.ts';
import { firmwareView } from '../site/firmware-view.ts';
import type { SimulatedMiner } from '../site/simulated-miner.ts';
import { deviceInfo, minerSetting, minerStatus } from './reads.ts';
import { sealedCommands, writes } from './writes.ts';

/** Codes of API 3. */
const codes = { ok: 0, failed: -1, badCommand: -2, denied: -4 } as const;

const request = z.looseObject({
  cmd: z.string(),
  param: z.unknown().optional(),
  ts: z.union([z.number(), z.string()]).optional(),
  token: z.string().optional(),
  account: z.string().optional(),
});
type Request = z.infer<typeof request>;
const passwordChange = z.object({ account: z.string(), old: z.string(), new: z.string().min(1) });
const accounts = new Set(['super', 'user1', 'user2', 'user3']);
const saltLetters = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/**
 * API 3 of one Whatsminer: plain reads; writes with a token made of the command, the password, the miner's salt and the
 * second, and encrypted parameters where they hold secrets.
 */
export class WhatsminerApi3 {
  readonly #miner: SimulatedMiner;
  readonly #nowMs: () => number;
  readonly #salt: string;
  #password: string;

  constructor(miner: SimulatedMiner, options: { password: string; seed: number; nowMs: () => number }) {
    this.#miner = miner;
    this.#nowMs = options.nowMs;
    this.#password = options.password;
    const random = randomFrom(seedOf(options.seed, 'salt', miner.identity.index));
    this.#salt = Array.from({ length: 8 }, () =>
      saltLetters.charAt(Math.floor(random() * saltLetters.length)),
    ).join('');
  }

  /** Answers one frame; undefined when the answer is to be lost. */
  answer(text: string): string | undefined {
    const parsed = request.safeParse(parseJson(text));
    if (!parsed.success) return this.#reply(codes.failed, 'invalid json', '');
    return parsed.data.cmd.startsWith('set.') ? this.#write(parsed.data) : this.#read(parsed.data);
  }

  #read({ cmd, param }: Request): string {
    const view = firmwareView(this.#miner);
    const part = typeof param === 'string' ? param : undefined;
    if (cmd === 'get.device.info') {
      const all = deviceInfo(this.#miner, view, this.#salt, this.#nowMs());
      if (part === undefined) return this.#reply(codes.ok, all, cmd);
      return Object.hasOwn(all, part)
        ? this.#reply(codes.ok, { [part]: all[part] }, cmd)
        : this.#reply(codes.failed, 'invalid param', cmd);
    }
    if (cmd === 'get.miner.setting') return this.#reply(codes.ok, minerSetting(this.#miner), cmd);
    if (cmd === 'get.miner.status') {
      const status = minerStatus(this.#miner, view, part ?? '');
      return status ? this.#reply(codes.ok, status, cmd) : this.#reply(codes.failed, 'fail', cmd);
    }
    return this.#reply(codes.badCommand, 'invalid command', cmd);
  }

  #write(order: Request): string | undefined {
    const { cmd, ts, token, account } = order;
    const digest = createHash('sha256').update(`${cmd}${this.#password}${this.#salt}${ts}`).digest();
    const known = account !== undefined && accounts.has(account) && ts !== undefined;
    if (!known || token !== digest.toString('base64').slice(0, 8) || this.#miner.has('refuses_writes'))
      return this.#reply(codes.denied, 'no permission', cmd);
    const param = sealedCommands.has(cmd) ? opened(order.param, digest) : order.param;
    if (cmd === 'set.user.change_passwd') return this.#changePassword(param);
    const write = Object.hasOwn(writes, cmd) ? writes[cmd] : undefined;
    if (!write) return this.#reply(codes.badCommand, 'invalid command', cmd);
    const effect = write(this.#miner, param);
    if (typeof effect === 'string') return this.#reply(codes.failed, effect, cmd);
    effect();
    return this.#miner.has('lost_answers') ? undefined : this.#reply(codes.ok, 'ok', cmd);
  }

  #changePassword(param: unknown): string {
    const cmd = 'set.user.change_passwd';
    const parsed = passwordChange.safeParse(param);
    if (!parsed.success || parsed.data.old !== this.#password)
      return this.#reply(codes.failed, 'invalid param', cmd);
    this.#password = parsed.data.new;
    return this.#reply(codes.ok, 'ok', cmd);
  }

  #reply(code: number, msg: unknown, desc: string): string {
    return JSON.stringify({ code, when: Math.floor(this.#nowMs() / 1000), msg, desc });
  }
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** AES-256 in ECB mode under the token's whole digest, padded by PKCS 7. Undefined when it cannot be opened. */
const opened = (param: unknown, key: Buffer): unknown => {
  if (typeof param !== 'string') return undefined;
  try {
    const decipher = createDecipheriv('aes-256-ecb', key, null);
    return parseJson(
      Buffer.concat([decipher.update(Buffer.from(param, 'base64')), decipher.final()]).toString('utf8'),
    );
  } catch {
    return undefined;
  }
};
