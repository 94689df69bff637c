import { parseLooseJson, parseWholeJson } from '../../io/loose-json.ts';
import { MinerFault } from '../../io/miner-fault.ts';
import type { MinerAdapter, ReadDepth, WriteOutcome } from '../miner-adapter.ts';
import type { MinerIo } from '../miner-io.ts';
import { type Look, plainAdapter } from '../plain-adapter.ts';
import type { Wanted } from '../put-back.ts';
import { tunedAdapter } from '../tuned-adapter.ts';
import { type Fields, fieldsOf, textOf } from '../values.ts';
import { withoutEffect } from '../write-outcome.ts';
import { chipsByBoard } from './chip-pages.ts';
import { errorCodesOf, fanMode, fanOf, ledOf, parseValues, poolsOf, stateOf } from './parse-answers.ts';
import { chosenTune, heldTune, type Tune, tune } from './perpetual-tune.ts';

type Deps = {
  readonly minerId: string;
  readonly io: MinerIo;
  readonly password: string;
  readonly nowMs: () => number;
};

const done: WriteOutcome = { kind: 'done' };

/**
 * PowerPlay-BMS of ePIC Blockchain on its own control boards: JSON over HTTP on port 4028. Reading needs no login; each order carries
 * the password. Sources: 256foundation/asic-rs `epic` v1, pyasic's `web/epic.py`, the recorded answers.
 */
export const epicAdapter = ({ minerId, io, password, nowMs }: Deps): MinerAdapter => {
  let known: Fields | undefined;
  /** What the firmware last steered its fans by, for when it is to do so again; at first, what it comes with. */
  let ownSteering: unknown = { 'Target Temperature': 60, 'Idle Speed': 20 };

  /** A machine of which no chip told a temperature while it hashed, or without that page, is not asked for them again. */
  let tellsChipTemps = true;

  const page = async (path: string, signal?: AbortSignal, parse = parseLooseJson): Promise<unknown> => {
    const { status, body } = await io.web({ method: 'GET', path: `/${path}` }, signal);
    if (status !== 200) throw new MinerFault('denied', `the miner answers ${status}`);
    return parse(body);
  };
  /** Of a page that was cut, fewer chips would be counted. */
  const chipPage = (path: string, signal?: AbortSignal) => page(path, signal, parseWholeJson);
  const get = async (path: string, signal?: AbortSignal): Promise<Fields> =>
    fieldsOf(await page(path, signal));
  const capabilities = async (signal?: AbortSignal) => {
    known ??= await get('capabilities', signal);
    return known;
  };
  const post = async (path: string, param: unknown, signal?: AbortSignal): Promise<WriteOutcome> => {
    const { status, body } = await io.web(
      { method: 'POST', path: `/${path}`, body: JSON.stringify({ param, password }) },
      signal,
    );
    if (status !== 200) return { kind: 'refused', detail: `the miner answers ${status}` };
    const said = fieldsOf(parseLooseJson(body));
    return said.result === true
      ? done
      : { kind: 'refused', detail: `the miner answers ${(textOf(said.error) ?? 'no').slice(0, 120)}` };
  };
  const summary = async (signal?: AbortSignal) => {
    const told = await get('summary', signal);
    if (told.Status === undefined) throw new MinerFault('unparseable', 'this is no summary');
    const { Auto } = fanMode(told);
    if (Auto !== undefined) ownSteering = Auto;
    return told;
  };
  const chipTemps = async (signal?: AbortSignal) => {
    if (!tellsChipTemps) return undefined;
    try {
      return await chipPage('temps/chip', signal);
    } catch (error) {
      if (error instanceof MinerFault && error.kind === 'denied') tellsChipTemps = false;
      return undefined;
    }
  };
  const chips = async (isHashing: boolean, signal?: AbortSignal) => {
    const hashrates = chipPage('hashrate', signal).catch(() => undefined);
    const temperatures = await chipTemps(signal);
    const byBoard = chipsByBoard(await hashrates, temperatures);
    if (isHashing && temperatures !== undefined)
      tellsChipTemps = byBoard.some(({ hottestC }) => hottestC !== undefined);
    return byBoard;
  };

  /** No order shows in the chips, so that looks for one leave their pages out. */
  const look = async (depth: ReadDepth, of: string | undefined, signal?: AbortSignal): Promise<Look> => {
    const sampledAtMs = nowMs();
    const told = await summary(signal);
    const can: Fields = await capabilities(signal).catch(() => ({}));
    const sensors = fieldsOf(can['Temp Sensor Info']).Type === 'Chip' ? 'Chip' : 'Board';
    const values = parseValues(told, sensors);
    const state = stateOf(told, values.hashrateThs);
    const withChips = depth === 'full' && of === undefined;
    return {
      reading: {
        minerId,
        sampledAtMs,
        state,
        errorCodes: errorCodesOf(told),
        values: withChips ? parseValues(told, sensors, await chips(state === 'hashing', signal)) : values,
      },
      pools: poolsOf(told),
      led: ledOf(told),
      fan: fanOf(told),
    };
  };

  const write = async (wanted: Wanted, signal?: AbortSignal): Promise<WriteOutcome> => {
    switch (wanted.type) {
      case 'MINER_RESTART':
        return post('reboot', 0, signal);
      case 'HASHING_DISABLE':
        return post('miner', 'Stop', signal);
      case 'HASHING_ENABLE':
        return post('miner', 'Autostart', signal);
      case 'LED':
        return post('identify', wanted.params.on, signal);
      case 'SET_FAN':
        return post('fanspeed', { Manual: { speed: wanted.params.dutyPct } }, signal);
      case 'FAN_AUTO':
        return post('fanspeed', { Auto: ownSteering }, signal);
      case 'POOL_SET': {
        const { Stratum, Mining } = await withoutEffect(summary(signal));
        return post(
          'coin',
          {
            coin: textOf(fieldsOf(Mining).Coin) ?? 'BTC',
            stratum_configs: wanted.params.pools.map(({ url, user, password: pass }) => ({
              pool: url,
              login: user,
              password: pass,
            })),
            unique_id: fieldsOf(Stratum)['Worker Unique Id'] === true,
          },
          signal,
        );
      }
      case 'POWER_LIMIT':
      case 'POWER_MODE':
      case 'FREQUENCY_SET':
        return { kind: 'refused', detail: 'ePIC has no such setting' };
    }
  };

  /** The clock of all boards can be set only while nothing tunes it. */
  const put = async (wanted: Tune, signal?: AbortSignal): Promise<WriteOutcome> => {
    if ('clockMhz' in wanted) {
      const off = await post('perpetualtune', false, signal);
      return off.kind === 'done' ? post('tune/clock/all', wanted.clockMhz, signal) : off;
    }
    const { algorithm: algo, target, minThrottle: min_throttle, throttleStep: throttle_step } = wanted;
    const set = await post('perpetualtune/algo', { algo, target, min_throttle, throttle_step }, signal);
    return set.kind === 'done' ? post('perpetualtune', true, signal) : set;
  };

  const plain = plainAdapter({
    minerId,
    nowMs,
    look,
    write: (wanted, _before, signal) => write(wanted, signal),
    identify: async (signal) => {
      known = undefined;
      tellsChipTemps = true;
      const [now, told, network] = await Promise.all([
        summary(signal),
        capabilities(signal),
        get('network', signal).catch((): Fields => ({})),
      ]);
      const model = textOf(told.Model);
      const firmware = textOf(now.Software);
      if (!model || !firmware) throw new MinerFault('unparseable', 'this is not ePIC');
      return {
        vendor: 'epic',
        model,
        firmware,
        apiVersion: 'v1',
        macAddress: textOf(fieldsOf(network.dhcp ?? network.static).mac_address),
        serialNumber: textOf(fieldsOf(told['Control Board Version']).cpuSerial),
        hostname: textOf(now.Hostname),
      };
    },
  });
  return tunedAdapter(plain, {
    schema: tune,
    read: async (signal) => heldTune(await summary(signal)),
    chosen: async (order, before, signal) => chosenTune(order, before, await capabilities(signal)),
    put,
  });
};
