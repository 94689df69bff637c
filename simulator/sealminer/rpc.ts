import * as z from 'zod';
import { firmwareView } from '../site/firmware-view.ts';
import type { Settings } from '../site/settings.ts';
import type { SimulatedMiner } from '../site/simulated-miner.ts';
import type { RpcAnswer } from '../wire/rpc-connection.ts';
import { asJson } from '../wire/web-server.ts';
import { reportNamed } from './reports.ts';

const request = z.looseObject({ command: z.string(), parameter: z.string().optional() });
const limit = z.object({ value: z.coerce.number().int().min(1_000).max(6_000) });
const pools = z.object({
  pools: z.array(z.object({ url: z.string(), user: z.string(), pass: z.string() })).max(3),
});

/** What a Sealminer keeps beside its settings: limit and pools of the RPC count from the next boot. */
export type SealminerMemory = { powerLimitW: number; next: Partial<Settings> };

type Outcome = { readonly code: number; readonly msg: string; readonly effect?: () => void };
const denied: Outcome = { code: 45, msg: 'Access denied' };
const invalid: Outcome = { code: 120, msg: 'Invalid parameter' };

const ascset = (miner: SimulatedMiner, memory: SealminerMemory, parameter: string): Outcome => {
  if (parameter === '0,suspend')
    return { code: 119, msg: 'ASC 0 set OK', effect: () => miner.set({ hashing: false }) };
  const wanted = limit.safeParse(asJson(/^0,powerlimit,(.*)$/s.exec(parameter)?.[1] ?? ''));
  if (!wanted.success) return invalid;
  const { value } = wanted.data;
  return {
    code: 119,
    msg: 'ASC 0 set OK',
    effect: () => {
      memory.powerLimitW = value;
      memory.next = { ...memory.next, powerLimitW: value };
    },
  };
};

const write = (
  miner: SimulatedMiner,
  memory: SealminerMemory,
  command: string,
  parameter: string,
): Outcome | undefined => {
  switch (command) {
    case 'ascset':
      return ascset(miner, memory, parameter);
    case 'restart':
      return {
        code: 42,
        msg: 'Restart',
        effect: () => {
          miner.set({ hashing: true });
          miner.restartProcess();
        },
      };
    case 'updatepools': {
      const wanted = pools.safeParse(asJson(parameter));
      if (!wanted.success) return invalid;
      const next = wanted.data.pools.map(({ url, user, pass }) => ({ url, user, password: pass }));
      return {
        code: 202,
        msg: 'Pools updated',
        effect: () => {
          memory.next = { ...memory.next, pools: next };
        },
      };
    }
    default:
      return undefined;
  }
};

/** One request to bdminer's API: JSON, one request a connection, a NUL at the end. Undefined hangs up. */
export const answerSealminerRpc = (
  miner: SimulatedMiner,
  memory: SealminerMemory,
  text: string,
  nowMs: number,
): RpcAnswer | undefined => {
  if (!miner.processUp) return undefined;
  const status = (letter: 'S' | 'E', code: number, msg: string) => ({
    STATUS: letter,
    When: Math.floor(nowMs / 1000),
    Code: code,
    Msg: msg,
    Description: 'bdminer 4.11.1',
  });
  const reply = (value: object): RpcAnswer => ({
    bytes: Buffer.from(`${JSON.stringify({ ...value, id: 1 })}\0`, 'utf8'),
    keepOpen: false,
  });
  const parsed = request.safeParse(asJson(text.replace(/\0.*$/s, '').trim()));
  if (!parsed.success) return reply({ STATUS: [status('E', 23, 'Invalid JSON')] });
  const { command, parameter = '' } = parsed.data;
  const report = reportNamed(command, miner, firmwareView(miner), memory.powerLimitW);
  if (report) return reply({ STATUS: [status('S', report.code, report.msg)], [report.section]: report.row });
  const known = write(miner, memory, command, parameter);
  if (!known) return reply({ STATUS: [status('E', 14, 'Invalid command')] });
  const outcome = miner.has('refuses_writes') ? denied : known;
  outcome.effect?.();
  if (outcome.effect && miner.has('lost_answers')) return { bytes: Buffer.alloc(0), keepOpen: true };
  return reply({ STATUS: [status(outcome.effect ? 'S' : 'E', outcome.code, outcome.msg)] });
};
