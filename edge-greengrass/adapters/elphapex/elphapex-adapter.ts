import type { MinerState, PowerMode } from '../../../contracts/reading.ts';
import { parseLooseJson, parseWholeJson } from '../../io/loose-json.ts';
import { MinerFault } from '../../io/miner-fault.ts';
import type { MinerAdapter, WriteOutcome } from '../miner-adapter.ts';
import type { MinerIo } from '../miner-io.ts';
import { type Look, plainAdapter } from '../plain-adapter.ts';
import type { Wanted } from '../put-back.ts';
import { judgementsOf } from '../summary-judgements.ts';
import { type Fields, fieldsOf, numberOf, present, textOf } from '../values.ts';
import { chipsOf, fanOf, modeOf, parsePools, parseStats, poolsIn } from './parse-stats.ts';

type Deps = { readonly minerId: string; readonly io: MinerIo; readonly nowMs: () => number };

const bootS = 300;
const done: WriteOutcome = { kind: 'done' };
const refused = (detail: string): WriteOutcome => ({ kind: 'refused', detail });
const workModes: Readonly<Partial<Record<PowerMode, string>>> = { normal: '0', low: '-100', sleep: '-1000' };

/**
 * An Elphapex of the DG series (Scrypt). There is no public document; the sources are clients that were written against machines:
 *
 * - `/cgi-bin/{get_system_info,stats,summary,pools,get_miner_conf,get_blink_status}.cgi` under digest authentication, root/root:
 *   pyasic (recorded answers of a DG1+, firmware 1.0.2), 256foundation/asic-rs, bitcap-ipr. `get_power.cgi`: asic-rs alone.
 * - the whole configuration to set_miner_conf.cgi, as get_miner_conf.cgi reads it: asic-rs, bitcap-ipr. What else pyasic puts in
 *   (`miner-mode`, and `fc-fan-pwn` so spelt) is left out.
 * - `{"workmode":"-1000"}` to `/cgi-bin/luci/setworkmode.cgi`, which asks nobody who he is: three tools that run it in the field
 *   for sleep (-1000) and normal (0), one of them alone for power saving (-100) and overclocking (101, not offered here).
 *   The machine restarts its mining process before it answers, so the answer is often lost; the mode is read back.
 * - blink.cgi (`{"blink":"true"}` answered B000, `"false"` B100), reboot.cgi by GET: pyasic, asic-rs.
 */
export const elphapexAdapter = ({ minerId, io, nowMs }: Deps): MinerAdapter => {
  /** Firmware without the page for power is not asked for it again. */
  let tellsPower = true;

  const page = async (name: string, signal?: AbortSignal, parse = parseLooseJson): Promise<Fields> => {
    const answer = await io.http('GET', `/cgi-bin/${name}.cgi`, undefined, signal);
    if (answer.status !== 200) throw new MinerFault('denied', `the web interface answers ${answer.status}`);
    return fieldsOf(parse(answer.body));
  };
  const nothing: Fields = {};
  const orNothing = (answer: Promise<Fields>) => answer.catch(() => nothing);
  const powerW = async (signal?: AbortSignal) => {
    if (!tellsPower) return undefined;
    try {
      return numberOf((await page('get_power', signal)).power_output);
    } catch (error) {
      if (error instanceof MinerFault && error.kind === 'denied') tellsPower = false;
      return undefined;
    }
  };

  const look = async (
    depth: 'core' | 'full',
    of: string | undefined,
    signal?: AbortSignal,
  ): Promise<Look> => {
    const sampledAtMs = nowMs();
    const full = depth === 'full';
    const stats = await page('stats', signal);
    const values = parseStats(stats);
    if (!values) throw new MinerFault('unparseable', 'the answer holds no stats');
    const quiet = (values.hashrateThs ?? 0) <= 0;
    const [watts, conf, pools, summary, blink] = await Promise.all([
      powerW(signal),
      full || quiet
        ? of
          ? page('get_miner_conf', signal)
          : orNothing(page('get_miner_conf', signal))
        : nothing,
      full ? orNothing(page('pools', signal)) : nothing,
      full ? orNothing(page('summary', signal)) : nothing,
      of === 'LED' ? page('get_blink_status', signal) : nothing,
    ]);
    const mode = modeOf(conf);
    const errorCodes = judgementsOf(summary);
    const stateOf = (): MinerState => {
      if (!quiet) return 'hashing';
      if (mode === 'sleep') return 'stopped';
      if (values.uptimeS !== undefined && values.uptimeS < bootS) return 'booting';
      return chipsOf(stats) === 0 ? 'fault' : 'idle';
    };
    const led = fieldsOf(blink).blink;
    return {
      reading: {
        minerId,
        sampledAtMs,
        state: stateOf(),
        ...(mode && { mode }),
        ...(errorCodes && { errorCodes }),
        values: { ...values, ...parsePools(pools), ...present({ powerW: watts }) },
      },
      pools: poolsIn(conf),
      fan: fanOf(conf),
      ...(led !== undefined && { led: led === true || led === 'true' }),
    };
  };

  const post = async (path: string, body: Fields, signal?: AbortSignal): Promise<Fields> => {
    const answer = await io.http('POST', path, JSON.stringify(body), signal);
    if (answer.status !== 200) throw new MinerFault('denied', `the web interface answers ${answer.status}`);
    return fieldsOf(parseLooseJson(answer.body));
  };
  const judged = (answer: Fields): WriteOutcome => {
    const code = textOf(answer.code);
    if (textOf(answer.stats) === 'success' || code === 'M000') return done;
    return refused(`the miner refuses the configuration (${code ?? 'no code'})`);
  };
  const setWorkMode = async (workmode: string, signal?: AbortSignal) =>
    judged(await post('/cgi-bin/luci/setworkmode.cgi', { workmode }, signal));

  /** What is not named stays as it is read just before: the write replaces the whole. */
  const setConf = async (change: Fields, signal?: AbortSignal) => {
    const conf = await page('get_miner_conf', signal, parseWholeJson);
    if (conf.pools === undefined) throw new MinerFault('denied', 'the miner does not tell its configuration');
    return judged(await post('/cgi-bin/set_miner_conf.cgi', { ...conf, ...change }, signal));
  };

  const write = async (wanted: Wanted, signal?: AbortSignal): Promise<WriteOutcome> => {
    switch (wanted.type) {
      case 'MINER_RESTART': {
        const answer = await io.http('GET', '/cgi-bin/reboot.cgi', undefined, signal);
        return answer.status === 200 ? done : refused(`the web interface answers ${answer.status}`);
      }
      case 'HASHING_DISABLE':
        return setWorkMode('-1000', signal);
      case 'HASHING_ENABLE':
        return setWorkMode('0', signal);
      case 'POWER_MODE': {
        const word = workModes[wanted.params.mode];
        return word === undefined ? refused('this mode is not documented') : setWorkMode(word, signal);
      }
      case 'POOL_SET': {
        const pools = wanted.params.pools.map(({ url, user, password }) => ({ url, user, pass: password }));
        const empty = { url: '', user: '', pass: '' };
        return setConf({ pools: [...pools, empty, empty].slice(0, 3) }, signal);
      }
      case 'SET_FAN':
        return setConf({ 'fc-fan-ctrl': true, 'fc-fan-pwm': String(wanted.params.dutyPct) }, signal);
      case 'FAN_AUTO':
        return setConf({ 'fc-fan-ctrl': false }, signal);
      case 'LED': {
        const { on } = wanted.params;
        const code = textOf((await post('/cgi-bin/blink.cgi', { blink: String(on) }, signal)).code);
        return code === (on ? 'B000' : 'B100')
          ? done
          : refused(`the miner refuses the light (${code ?? 'no code'})`);
      }
      case 'POWER_LIMIT':
      case 'FREQUENCY_SET':
        return refused('this firmware has no such setting');
    }
  };

  return plainAdapter({
    minerId,
    nowMs,
    look,
    write: (wanted, _before, signal) => write(wanted, signal),
    identify: async (signal) => {
      const [system, stats] = await Promise.all([
        page('get_system_info', signal),
        orNothing(page('stats', signal)),
      ]);
      const info = fieldsOf(stats.INFO);
      const model = textOf(system.minertype) ?? textOf(info.type);
      if (!model || !/^DG/i.test(model)) throw new MinerFault('unparseable', 'this is not an Elphapex');
      const version = textOf(system.system_filesystem_version) ?? textOf(info.miner_version);
      return {
        vendor: 'elphapex',
        model: `Elphapex ${model}`,
        firmware: version ?? 'unknown',
        apiVersion: textOf(fieldsOf(stats.STATUS).api_version) ?? 'unknown',
        macAddress: textOf(system.macaddr),
        serialNumber: textOf(system.serinum),
        hostname: textOf(system.hostname),
      };
    },
  });
};
