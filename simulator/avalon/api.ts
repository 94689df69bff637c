import * as z from 'zod';
import { firmwareView } from '../site/firmware-view.ts';
import type { SimulatedMiner } from '../site/simulated-miner.ts';
import type { RpcAnswer } from '../wire/rpc-connection.ts';
import { avalonFirmware } from './firmware.ts';
import { type Report, type Row, reportNamed } from './reports.ts';
import type { AvalonSettings, SetReply } from './settings.ts';

const description = 'cgminer 4.11.1';
const jsonRequest = z.looseObject({
  command: z.string(),
  parameter: z.union([z.string(), z.number()]).optional(),
});

type Status = { readonly letter: 'S' | 'I' | 'E'; readonly code: number; readonly msg: string };
type Format = 'text' | 'json';
type Request = { readonly command: string; readonly parameter: string; readonly format: Format };

const bytesOf = (text: string): RpcAnswer => ({ bytes: Buffer.from(`${text}\0`, 'utf8'), keepOpen: false });
const nothing = (keepOpen: boolean): RpcAnswer => ({ bytes: Buffer.alloc(0), keepOpen });

/**
 * The API of one Avalon: cgminer's, in text or JSON as it is asked, with Canaan's `ascset`. One request a connection, a NUL
 * at the end.
 */
export const answerAvalon = (
  miner: SimulatedMiner,
  settings: AvalonSettings,
  raw: string,
  nowMs: number,
): RpcAnswer | undefined => {
  if (!miner.processUp) return undefined;
  const whenS = Math.floor(nowMs / 1000);
  const request = requestIn(raw.replace(/\0.*$/s, '').trim());
  if ('letter' in request) return bytesOf(statusText(request, whenS, 'json'));
  const { command, parameter, format } = request;
  if (command === 'ascset') return answerSet(miner, settings, parameter, whenS, format);
  if (command === 'restart') return answerRestart(miner, format);
  const firmware = avalonFirmware(miner);
  const report = reportNamed(command, miner, firmwareView(miner), firmware, miner.settings.ledOn);
  if (!report) return bytesOf(statusText({ letter: 'E', code: 14, msg: 'Invalid command' }, whenS, format));
  return bytesOf(reportText(report, whenS, format));
};

const requestIn = (text: string): Request | Status => {
  if (!text.startsWith('{')) {
    const [command = '', ...rest] = text.split('|');
    return { command: command.trim(), parameter: rest.join('|'), format: 'text' };
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { letter: 'E', code: 23, msg: 'Invalid JSON' };
  }
  const parsed = jsonRequest.safeParse(json);
  if (!parsed.success) return { letter: 'E', code: 24, msg: "Missing JSON 'command'" };
  const { command, parameter = '' } = parsed.data;
  return { command, parameter: String(parameter), format: 'json' };
};

const setStatus = (reply: SetReply): Status => {
  if (reply.kind === 'info') return { letter: 'I', code: 118, msg: `ASC 0 set info: ${reply.text}` };
  if (reply.kind === 'failed') return { letter: 'E', code: 120, msg: `ASC 0 set failed: ${reply.text}` };
  return { letter: 'S', code: 119, msg: 'ASC 0 set OK' };
};

const answerSet = (
  miner: SimulatedMiner,
  settings: AvalonSettings,
  parameter: string,
  whenS: number,
  format: Format,
): RpcAnswer => {
  const [unit = '', option = '', ...values] = parameter.trim().split(',');
  const say = (status: Status) => bytesOf(statusText(status, whenS, format));
  if (unit !== '0') return say({ letter: 'E', code: 107, msg: `Invalid ASC id ${unit} - range is 0 - 0` });
  if (miner.has('refuses_writes'))
    return say({ letter: 'E', code: 45, msg: "Access denied to 'ascset' command" });
  const reply = settings.change(option, values);
  if (!reply) return say({ letter: 'E', code: 120, msg: `ASC 0 set failed: Unknown option: ${option}` });
  const answer = reply.kind === 'silent' ? nothing(false) : say(setStatus(reply));
  if (!reply.effect) return answer;
  reply.effect();
  return miner.has('lost_answers') ? nothing(true) : answer;
};

const answerRestart = (miner: SimulatedMiner, format: Format): RpcAnswer => {
  if (miner.has('refuses_writes'))
    return bytesOf(
      statusText({ letter: 'E', code: 45, msg: "Access denied to 'restart' command" }, 0, format),
    );
  miner.restartProcess();
  if (miner.has('lost_answers')) return nothing(true);
  return bytesOf(format === 'json' ? '{"STATUS":"RESTART"}' : 'RESTART');
};

const statusText = ({ letter, code, msg }: Status, whenS: number, format: Format) =>
  format === 'json'
    ? JSON.stringify({ STATUS: [statusRow({ letter, code, msg }, whenS)], id: 1 })
    : `STATUS=${letter},When=${whenS},Code=${code},Msg=${msg},Description=${description}|`;

const statusRow = ({ letter, code, msg }: Status, whenS: number) => ({
  STATUS: letter,
  When: whenS,
  Code: code,
  Msg: msg,
  Description: description,
});

const reportText = ({ section, code, msg, rows }: Report, whenS: number, format: Format) => {
  const status: Status = { letter: 'S', code, msg };
  if (format === 'json')
    return JSON.stringify({ STATUS: [statusRow(status, whenS)], [section]: rows, id: 1 });
  return statusText(status, whenS, 'text') + rows.map((row) => `${textRow(section, row)}|`).join('');
};

/** Numbered rows begin with their number, others with the name of their section. */
const textRow = (section: string, row: Row) => {
  const fields = Object.entries(row).map(([key, value]) => `${key}=${value}`);
  const numbered = 'POOL' in row || 'ASC' in row || 'STATS' in row;
  return numbered ? fields.join(',') : [section, ...fields].join(',');
};
