import { MinerFault } from '../../io/miner-fault.ts';
import type { MinerAdapter, WriteOutcome } from '../miner-adapter.ts';
import type { MinerIo } from '../miner-io.ts';
import { parsePools } from '../parse-pools.ts';
import { type Look, plainAdapter } from '../plain-adapter.ts';
import type { Wanted } from '../put-back.ts';
import { type Fields, fieldsOf, listOf, numberOf, textOf } from '../values.ts';
import { parseStats, parseSummary } from './parse-stats.ts';
import { webSession } from './web-session.ts';

type Deps = {
  readonly minerId: string;
  readonly io: MinerIo;
  readonly username: string;
  readonly password: string;
  readonly nowMs: () => number;
};

const done: WriteOutcome = { kind: 'done' };
const refused = (detail: string): WriteOutcome => ({ kind: 'refused', detail });

/**
 * A Bitdeer Sealminer under its maker's firmware, bdminer. There is no public document; the sources are clients that were
 * written against real machines:
 *
 * - identify, reads: github.com/256foundation/asic-rs `asic-rs-firmwares/sealminer` (A2, firmware 2025091001, API 3.7), and the
 *   sealminer collector of wright_telemetry (K10Pro, firmware 20230805FF), which agree on every member that both use.
 * - stop by `ascset 0,suspend`, start by `restart`, power limit by `ascset 0,powerlimit,{"value":"W"}` and a reboot: asic-rs alone.
 * - pools by set_miner_poolconf.php, which answers whether the process took them and the file was written: bitcap-ipr alone.
 * - light by led_conf.php, reboot by reboot.php, session by login.php, factory login seal/seal: asic-rs and bitcap-ipr.
 */
export const sealminerAdapter = ({ minerId, io, username, password, nowMs }: Deps): MinerAdapter => {
  const web = webSession(io, { username, password });
  const ask = (command: string, signal?: AbortSignal) => io.rpc(JSON.stringify({ command }), signal);
  const orNothing = (answer: Promise<Fields>) => answer.catch((): Fields => ({}));

  const look = async (
    depth: 'core' | 'full',
    of: string | undefined,
    signal?: AbortSignal,
  ): Promise<Look> => {
    const sampledAtMs = nowMs();
    const full = depth === 'full';
    const [statsAnswer, summaryAnswer, poolsAnswer] = await Promise.all([
      ask('stats', signal),
      full ? orNothing(ask('summary', signal)) : {},
      full ? orNothing(ask('pools', signal)) : {},
    ]);
    const stats = parseStats(statsAnswer);
    if (!stats) throw new MinerFault('unparseable', 'the answer holds no stats');
    const { values, state, mode, errorCodes } = stats;
    const pools = parsePools(poolsAnswer);
    const led =
      of === 'LED' ? textOf((await web('GET', 'get_system_info', undefined, signal)).led) : undefined;
    const kept = of === 'POOL_SET' ? await web('GET', 'get_miner_poolconf', undefined, signal) : undefined;
    return {
      reading: {
        minerId,
        sampledAtMs,
        state,
        ...(mode && { mode }),
        ...(full && { errorCodes }),
        values: { ...pools.values, ...values, ...parseSummary(summaryAnswer) },
      },
      pools: kept
        ? listOf(kept.pools).map((pool) => ({
            url: textOf(pool.url) ?? '',
            user: textOf(pool.user) ?? '',
            ...(typeof pool.pass === 'string' && { password: pool.pass }),
          }))
        : pools.pools,
      ...(led !== undefined && { led: led !== 'off' }),
    };
  };

  /** Status S and I are yes, E and F no. */
  const tell = async (
    command: string,
    parameter: string | undefined,
    signal?: AbortSignal,
  ): Promise<WriteOutcome> => {
    const answer = await io.rpc(
      JSON.stringify({ command, ...(parameter !== undefined && { parameter }) }),
      signal,
    );
    const status = listOf(answer.STATUS)[0] ?? fieldsOf(answer.STATUS);
    const letter = textOf(status.STATUS);
    if (letter === 'S' || letter === 'I') return done;
    return refused(`the miner refuses ${command} (code ${numberOf(status.Code) ?? 'absent'})`);
  };

  const reboot = async (signal?: AbortSignal): Promise<WriteOutcome> => {
    await web('GET', 'reboot', undefined, signal);
    return done;
  };

  const write = async (wanted: Wanted, isHashing: boolean, signal?: AbortSignal): Promise<WriteOutcome> => {
    switch (wanted.type) {
      case 'MINER_RESTART':
        return reboot(signal);
      case 'HASHING_DISABLE':
        return tell('ascset', '0,suspend', signal);
      case 'HASHING_ENABLE':
        return isHashing ? done : tell('restart', undefined, signal);
      case 'POWER_LIMIT': {
        const told = await tell('ascset', `0,powerlimit,{"value":"${wanted.params.limitW}"}`, signal);
        return told.kind === 'done' ? reboot(signal) : told;
      }
      case 'POOL_SET': {
        const fields = [0, 1, 2].flatMap((at) => {
          const pool = wanted.params.pools[at];
          return [
            [`poolurl${at + 1}`, pool?.url ?? ''],
            [`pooluser${at + 1}`, pool?.user ?? ''],
            [`poolpwd${at + 1}`, pool?.password ?? ''],
          ];
        });
        const answer = await web('POST', 'set_miner_poolconf', Object.fromEntries(fields), signal);
        const no = ['result', 'api', 'fileWrite'].find((part) => answer[part] === false);
        return no === undefined ? done : refused(`the miner does not take the pools (${no})`);
      }
      case 'LED': {
        const answer = await web(
          'POST',
          'led_conf',
          { key: 'led', value: wanted.params.on ? 'on' : 'off' },
          signal,
        );
        return answer.result === false || (numberOf(answer.result) ?? 0) !== 0
          ? refused('the miner refuses the light')
          : done;
      }
      case 'POWER_MODE':
      case 'SET_FAN':
      case 'FAN_AUTO':
      case 'FREQUENCY_SET':
        return refused('no such command of bdminer is known');
    }
  };

  return plainAdapter({
    minerId,
    nowMs,
    look,
    write: (wanted, before, signal) => write(wanted, before.reading.state === 'hashing', signal),
    identify: async (signal) => {
      const version = await ask('version', signal);
      const entry = listOf(version.VERSION)[0] ?? {};
      const words = [textOf(listOf(version.STATUS)[0]?.Description), ...Object.keys(entry)].join(' ');
      if (!/bdminer/i.test(words)) throw new MinerFault('unparseable', 'this is not a Sealminer');
      const [details, stats] = await Promise.all([
        orNothing(ask('devdetails', signal)),
        orNothing(ask('stats', signal)),
      ]);
      const told = listOf(stats.STATS)[0] ?? {};
      const model = textOf(listOf(details.DEVDETAILS)[0]?.Model) ?? textOf(told.Model);
      return {
        vendor: 'sealminer',
        model: model ? `Sealminer ${model}` : 'Sealminer',
        firmware: textOf(told.Firmware) ?? String(numberOf(told.Firmware) ?? 'unknown'),
        apiVersion: textOf(entry.API) ?? String(numberOf(entry.API) ?? 'unknown'),
        macAddress: textOf(told.MAC),
        serialNumber: textOf(told['Ctrl Board SN']),
      };
    },
  });
};
