import { readFileSync } from 'node:fs';
import { minerId } from '../contracts/identifiers.ts';
import type { MinerReading, MinerState } from '../contracts/reading.ts';
import { numberOf, present } from './adapters/values.ts';

const utcOf = (text: string) => {
  const found = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)?$/.exec(text);
  if (!found) return undefined;
  const millis = Math.floor(Number(`0${found[3] ?? ''}`) * 1000);
  return Date.parse(`${found[1]}T${found[2]}Z`) + millis;
};

/** A monitor that cannot reach a miner writes zeros: they say nothing of the miner and are left out. */
const stateOf = (status: string, hashrateThs: number | undefined): MinerState => {
  if (status !== 'ONLINE') return 'unreachable';
  return (hashrateThs ?? 0) > 0 ? 'hashing' : 'idle';
};

/** The chip sensor says -1 while it has nothing to say. */
const temp = (value: number | undefined) => (value !== undefined && value > 0 ? value : undefined);

/**
 * Reads a recording of Bitaxe miners, in either of the two layouts of its monitor (`voltage_v`, or
 * `core_voltage_actual_v` with an expected hashrate). The file's timestamps name no zone: they are taken as UTC. Rows
 * stay in the file's order. Throws Error with the line's number where a row does not fit its header.
 */
export const readBitaxeCsv = (file: string): MinerReading[] => {
  const [head = '', ...lines] = readFileSync(file, 'utf8').split(/\r?\n/);
  const columns = head.split(',');
  for (const needed of ['timestamp', 'miner_name', 'status', 'hashrate_th']) {
    if (!columns.includes(needed)) throw new Error(`${file}: no column ${needed}`);
  }
  return lines.flatMap((line, at): MinerReading[] => {
    if (line.trim() === '') return [];
    const cells = line.split(',');
    const fault = (what: string) => new Error(`${file}:${at + 2}: ${what}`);
    if (cells.length !== columns.length) throw fault(`${cells.length} cells under ${columns.length} columns`);
    const cell = (name: string) => cells[columns.indexOf(name)];
    const figure = (name: string) => (columns.includes(name) ? numberOf(cell(name)) : undefined);
    const sampledAtMs = utcOf(cell('timestamp') ?? '');
    const id = minerId.safeParse(cell('miner_name'));
    if (sampledAtMs === undefined || !id.success) throw fault('no timestamp or no miner');
    const state = stateOf(cell('status') ?? '', figure('hashrate_th'));
    if (state === 'unreachable') return [{ minerId: id.data, sampledAtMs, state, values: {} }];
    return [
      {
        minerId: id.data,
        sampledAtMs,
        state,
        values: present({
          hashrateThs: figure('hashrate_th'),
          expectedHashrateThs: figure('expected_hashrate_th'),
          powerW: figure('power_w'),
          chipTempC: temp(figure('temperature_c')),
          boardTempC: temp(figure('vr_temperature_c')),
          fan1Rpm: figure('fan_speed_rpm'),
          voltageV: figure('core_voltage_actual_v') ?? figure('voltage_v'),
          frequencyMhz: figure('frequency_mhz'),
          acceptedShares: figure('accepted_shares'),
          rejectedShares: figure('rejected_shares'),
          uptimeS: figure('uptime_s'),
        }),
      },
    ];
  });
};
