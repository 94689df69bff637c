import * as z from 'zod';
import { firmwareView } from '../site/firmware-view.ts';
import type { SimulatedMiner } from '../site/simulated-miner.ts';
import type { RpcAnswer } from '../wire/rpc-connection.ts';
import { isFormGeneration } from './form-reports.ts';
import { type NewApiPage, newApiPages, newApiReport } from './new-api-reports.ts';
import {
  devsReport,
  poolsReport,
  type Report,
  type Row,
  statsReport,
  summaryReport,
  versionReport,
} from './rpc-reports.ts';

const description = 'cgminer 1.0.0';
const privileged = new Set([
  'restart',
  'quit',
  'switchpool',
  'addpool',
  'removepool',
  'enablepool',
  'disablepool',
  'privileged',
  'save',
  'ascset',
]);

const jsonRequest = z.looseObject({ command: z.unknown().optional(), new_api: z.unknown().optional() });

type Status = { readonly letter: 'S' | 'E'; readonly code: number; readonly msg: string };

/**
 * Answers one request to the miner's API on TCP, as bmminer does: JSON to JSON, text to text, a NUL at the end, one
 * request a connection. Undefined hangs up: the process is not there.
 */
export const answerAntminerRpc = (
  miner: SimulatedMiner,
  request: string,
  nowMs: number,
  mode: string,
): RpcAnswer | undefined => {
  if (!miner.processUp) return undefined;
  const nowS = Math.floor(nowMs / 1000);
  const text = request.replace(/\0.*$/s, '').trim();
  const reply = text.startsWith('{') ? jsonReply(miner, text, nowS, mode) : textReply(miner, text, nowS);
  return { bytes: Buffer.from(`${reply}\0`, 'utf8'), keepOpen: false };
};

const reportNamed = (miner: SimulatedMiner, command: string, nowS: number): Report | undefined => {
  const view = firmwareView(miner);
  if (command === 'version') return versionReport(miner);
  if (command === 'summary') return summaryReport(miner, view, nowS);
  if (command === 'pools') return poolsReport(view);
  if (command === 'devs') return devsReport(view, nowS);
  if (command === 'stats') return statsReport(miner, view);
  return undefined;
};

const refusal = (command: string): Status =>
  privileged.has(command)
    ? { letter: 'E', code: 45, msg: `Access denied to '${command}' command` }
    : { letter: 'E', code: 14, msg: 'Invalid command' };

const jsonReply = (miner: SimulatedMiner, text: string, nowS: number, mode: string): string => {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return jsonStatus({ letter: 'E', code: 23, msg: 'Invalid JSON' }, nowS);
  }
  const parsed = jsonRequest.safeParse(json);
  const command = parsed.success ? parsed.data.command : undefined;
  if (typeof command !== 'string')
    return jsonStatus({ letter: 'E', code: 24, msg: "Missing JSON 'command'" }, nowS);
  const page = newApiPages.find((name) => name === command);
  if (page && parsed.data?.new_api === true) return newApi(miner, page, nowS, mode);
  if (command.includes('+')) return joinedReply(miner, command, nowS);
  const report = reportNamed(miner, command, nowS);
  return report ? jsonReport(miner, report, nowS) : jsonStatus(refusal(command), nowS);
};

const newApi = (miner: SimulatedMiner, page: NewApiPage, nowS: number, mode: string) =>
  JSON.stringify(newApiReport(page, miner, firmwareView(miner), nowS, mode));

/** Joined reports, which the firmware of the S19 family does not know. */
const joinedReply = (miner: SimulatedMiner, command: string, nowS: number): string => {
  if (miner.identity.model !== 'Antminer S21') return jsonStatus(refusal(command), nowS);
  const parts = command.split('+').map((name) => {
    const report = reportNamed(miner, name, nowS);
    return `${JSON.stringify(name)}:[${report ? jsonReport(miner, report, nowS) : jsonStatus(refusal(name), nowS)}]`;
  });
  return `{${parts.join(',')},"id":1}`;
};

const statusObject = ({ letter, code, msg }: Status, nowS: number) => ({
  STATUS: letter,
  When: nowS,
  Code: code,
  Msg: msg,
  Description: description,
});

const jsonStatus = (status: Status, nowS: number) =>
  `{"STATUS":[${JSON.stringify(statusObject(status, nowS))}],"id":1}`;

const jsonReport = (miner: SimulatedMiner, report: Report, nowS: number) => {
  const status = JSON.stringify(statusObject({ letter: 'S', code: report.code, msg: report.msg }, nowS));
  // Firmware before the S19, of bitmaintech's cgminer, forgets the comma between the objects of STATS.
  const separator = report.section === 'STATS' && isFormGeneration(miner) ? '' : ',';
  const rows = report.rows.map((row) => JSON.stringify(row)).join(separator);
  return `{"STATUS":[${status}],"${report.section}":[${rows}],"id":1}`;
};

const textReply = (miner: SimulatedMiner, text: string, nowS: number): string => {
  const command = text.split('|')[0]?.trim() ?? '';
  const report = reportNamed(miner, command, nowS);
  const status: Status = report ? { letter: 'S', code: report.code, msg: report.msg } : refusal(command);
  const { letter, code, msg } = status;
  const head = `STATUS=${letter},When=${nowS},Code=${code},Msg=${msg},Description=${description}|`;
  return head + (report?.rows ?? []).map((row) => `${textRow(report?.section ?? '', row)}|`).join('');
};

/** Numbered rows begin with their number, others with the name of their section. */
const textRow = (section: string, row: Row) => {
  const fields = Object.entries(row).map(([key, value]) => `${key}=${value}`);
  const numbered = 'POOL' in row || 'ASC' in row || 'STATS' in row || 'BMMiner' in row;
  return numbered && section !== 'VERSION' ? fields.join(',') : [section, ...fields].join(',');
};
