import * as z from 'zod';
import { randomFrom, seedOf } from '../physics/random.ts';
import { firmwareView } from '../site/firmware-view.ts';
import type { SimulatedMiner } from '../site/simulated-miner.ts';
import type { RpcAnswer } from '../wire/rpc-connection.ts';
import { type BtminerFirmware, firmwareOf } from './firmware.ts';
import { type ReadAnswer, readAnswer } from './reads.ts';
import { open, seal } from './sealing.ts';
import { TokenStore } from './tokens.ts';
import { writes } from './writes.ts';

/** Status codes of API 2.0. */
const codes = {
  badCommand: [14, 'invalid cmd'],
  badJson: [23, 'invalid json message'],
  denied: [45, 'permission denied'],
  ok: [131, 'API command OK'],
  failed: [132, 'API command ERROR'],
  token: [134, 'get token message OK'],
  badToken: [135, 'check token error'],
  tooManyTokens: [136, 'over max connect'],
  badBase64: [137, 'base64 decode error'],
} as const satisfies Record<string, readonly [number, string]>;
type Code = keyof typeof codes;

const request = z.looseObject({ cmd: z.string().optional(), command: z.string().optional() });
const sealedRequest = z.looseObject({
  enc: z.union([z.literal(1), z.literal('1'), z.literal(true)]),
  data: z.string(),
});
const openedRequest = z.looseObject({
  cmd: z.string().optional(),
  command: z.string().optional(),
  token: z.string(),
});

/** The API of one Whatsminer on TCP: plain reads, and writes sealed under a token's key. */
export class WhatsminerApi {
  readonly #miner: SimulatedMiner;
  readonly #firmware: BtminerFirmware;
  readonly #tokens: TokenStore;
  readonly #nowMs: () => number;
  readonly #writeSwitch: boolean;

  constructor(
    miner: SimulatedMiner,
    options: { password: string; seed: number; nowMs: () => number; writeSwitch?: boolean },
  ) {
    this.#miner = miner;
    this.#firmware = firmwareOf(miner.identity.model);
    this.#nowMs = options.nowMs;
    this.#writeSwitch = options.writeSwitch ?? true;
    const random = randomFrom(seedOf(options.seed, 'tokens', miner.identity.index));
    this.#tokens = new TokenStore({ password: options.password, random, nowMs: options.nowMs });
  }

  /** What the administrator's password is at present. */
  get password() {
    return this.#tokens.password;
  }

  /** Answers one request; undefined hangs up. */
  answer(text: string, clientAddress: string): RpcAnswer | undefined {
    if (!this.#miner.processUp) return undefined;
    const reply = this.#reply(text.replace(/\0.*$/s, '').trim(), clientAddress);
    if (reply === undefined) return { bytes: Buffer.alloc(0), keepOpen: true };
    return { bytes: Buffer.from(`${reply}\0`, 'utf8'), keepOpen: this.#firmware.keepsConnections };
  }

  #reply(text: string, clientAddress: string): string | undefined {
    const json = parseJson(text);
    if (json === undefined) return this.#status('badJson');
    const sealed = sealedRequest.safeParse(json);
    if (sealed.success) return this.#sealedReply(sealed.data.data, clientAddress);
    const parsed = request.safeParse(json);
    const command = parsed.success ? (parsed.data.cmd ?? parsed.data.command) : undefined;
    if (command === undefined) return this.#status('badCommand');
    if (command === 'get_token') return this.#tokenReply(clientAddress);
    if (command.includes('+') && !this.#firmware.wrapsReads) return this.#joinedReply(command.split('+'));
    const answer = readAnswer(command, this.#miner, firmwareView(this.#miner), this.#firmware, this.#nowMs());
    if (answer?.kind === 'message') return this.#envelope('S', codes.ok[0], answer.msg);
    if (answer) {
      const { section, rows } = answer;
      if (this.#firmware.wrapsReads)
        return this.#envelope('S', codes.ok[0], section === 'SUMMARY' ? rows[0] : rows);
      return JSON.stringify({ ...this.#section(answer), id: 1 });
    }
    return this.#status(Object.hasOwn(writes, command) ? 'denied' : 'badCommand');
  }

  /** Reports joined as cgminer joins them, which pyasic asks for; what is no report of cgminer's cannot be joined. */
  #joinedReply(names: readonly string[]): string {
    const view = firmwareView(this.#miner);
    const parts = names.map((name) => {
      const answer = readAnswer(name, this.#miner, view, this.#firmware, this.#nowMs());
      return answer?.kind === 'section'
        ? ([name, [{ ...this.#section(answer), id: 1 }]] as const)
        : undefined;
    });
    return parts.every((part) => part !== undefined)
      ? JSON.stringify({ ...Object.fromEntries(parts), id: 1 })
      : this.#status('badCommand');
  }

  #section({ section, code, msg, rows }: Extract<ReadAnswer, { kind: 'section' }>) {
    const status = { STATUS: 'S', When: this.#nowS(), Code: code, Msg: msg, Description: 'cgminer 4.9.2' };
    return { STATUS: [status], [section]: rows };
  }

  #tokenReply(clientAddress: string): string {
    const grant = this.#tokens.issue(clientAddress);
    return grant ? this.#envelope('S', codes.token[0], grant) : this.#status('tooManyTokens');
  }

  /** Undefined when the write's answer is to be lost. */
  #sealedReply(data: string, clientAddress: string): string | undefined {
    const { key } = this.#tokens;
    const opened = open(key, data);
    if (!opened.ok) return this.#status(opened.why === 'base64' ? 'badBase64' : 'badToken');
    const parsed = openedRequest.safeParse(parseJson(opened.text));
    if (!parsed.success || !this.#tokens.accepts(parsed.data.token, clientAddress))
      return this.#status('badToken');
    const { token: _token, cmd, command, ...params } = parsed.data;
    const { code, effect } = this.#write(cmd ?? command ?? '', params);
    effect?.();
    if (effect && this.#miner.has('lost_answers')) return undefined;
    return JSON.stringify({ enc: seal(key, this.#status(code), this.#firmware.padding) });
  }

  #write(name: string, params: unknown): { code: Code; effect?: () => void } {
    const write = Object.hasOwn(writes, name) ? writes[name] : undefined;
    if (!write) return { code: 'badCommand' };
    if (!this.#writeSwitch || this.#miner.has('refuses_writes')) return { code: 'denied' };
    if (this.#tokens.hasDefaultPassword && name !== 'update_pwd') return { code: 'denied' };
    const effect = write(this.#miner, params, this.#tokens);
    return effect ? { code: 'ok', effect } : { code: 'failed' };
  }

  #status(code: Code): string {
    const [number, msg] = codes[code];
    return this.#envelope(code === 'ok' ? 'S' : 'E', number, msg);
  }

  #envelope(letter: 'S' | 'E', code: number, msg: unknown): string {
    return JSON.stringify({ STATUS: letter, When: this.#nowS(), Code: code, Msg: msg, Description: '' });
  }

  #nowS() {
    return Math.floor(this.#nowMs() / 1000);
  }
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
