import type { HttpAnswer } from '../../io/http-exchange.ts';
import { parseLooseJson } from '../../io/loose-json.ts';
import { MinerFault } from '../../io/miner-fault.ts';
import type { MinerAdapter, WriteOutcome } from '../miner-adapter.ts';
import type { MinerIo } from '../miner-io.ts';
import { parsePools } from '../parse-pools.ts';
import { type Look, plainAdapter } from '../plain-adapter.ts';
import type { Wanted } from '../put-back.ts';
import { given, tokenSession } from '../token-session.ts';
import { type Fields, fieldsOf, listOf, numberOf, textOf } from '../values.ts';
import { errorCodesOf, ledCodes, ledOf } from './led.ts';
import { isAsleep, modeOf, modeWords, parseValues, stateOf } from './parse-answers.ts';

type Deps = {
  readonly minerId: string;
  readonly io: MinerIo;
  readonly username: string;
  readonly password: string;
  readonly nowMs: () => number;
};

const done: WriteOutcome = { kind: 'done' };
const nothing: Fields = {};

const statusOf = (answer: Fields) => listOf(answer.STATUS)[0] ?? fieldsOf(answer.STATUS);
const jsonOf = ({ body }: HttpAnswer): Fields => (body.trim() === '' ? {} : fieldsOf(parseLooseJson(body)));
/** A token that is none or has run out is told by the status, or in words. */
const isStranger = (answer: HttpAnswer) => {
  if (answer.status === 401 || answer.status === 403) return true;
  if (!/"STATUS"\s*:\s*"E"/.test(answer.body)) return false;
  return /token|session|expired|unauthori[sz]ed/i.test(textOf(statusOf(jsonOf(answer)).Msg) ?? '');
};

/**
 * An Auradine (Teraflux) under its maker's FluxOS: HTTP on 8080 under a token, and cgminer's RPC for reading. The maker publishes
 * no document; the sources are clients: pyasic `web/auradine.py` and `backends/auradine.py`, 256foundation/asic-rs `auradine/v1`, and
 * what robertfiesler-spec/Mining-Guardian wrote down of the maker's “Teraflux API Reference” (2025-02-19).
 * Not used: fan duties (how the automatic control is given back is not known) and clocks by board (its tuner sets them anew).
 */
export const auradineAdapter = ({ minerId, io, username, password, nowMs }: Deps): MinerAdapter => {
  const logIn = async () => {
    const answer = await io.web({
      method: 'POST',
      path: '/token',
      body: JSON.stringify({ command: 'token', user: username, password }),
    });
    const told = answer.status === 200 ? listOf(jsonOf(answer).Token)[0] : undefined;
    return { Token: given(textOf(told?.Token)) };
  };
  const session = tokenSession(io, logIn, { isStranger });

  /** Rejects with `denied` where the miner says no. */
  const judged = (answer: HttpAnswer): Fields => {
    if (answer.status < 200 || answer.status > 299)
      throw new MinerFault('denied', `the miner answers ${answer.status}`);
    const told = jsonOf(answer);
    const { STATUS: letter, Code: code } = statusOf(told);
    if (letter === 'E' || letter === 'F')
      throw new MinerFault('denied', `the miner refuses (code ${numberOf(code) ?? 'absent'})`);
    return told;
  };
  const get = async (command: string, signal?: AbortSignal) =>
    judged(await session({ method: 'GET', path: `/${command}` }, signal));
  const rpc = (command: string, signal?: AbortSignal) => io.rpc(JSON.stringify({ command }), signal);
  const orNothing = (answer: Promise<Fields>) => answer.catch(() => nothing);

  const look = async (
    depth: 'core' | 'full',
    of: string | undefined,
    signal?: AbortSignal,
  ): Promise<Look> => {
    const sampledAtMs = nowMs();
    const full = depth === 'full';
    const summary = await rpc('summary', signal);
    if (summary.SUMMARY === undefined) throw new MinerFault('unparseable', 'the answer holds no summary');
    /** What an order is judged by must be there; of the rest, what is told. */
    const needed = (command: string, by: readonly string[]) =>
      of !== undefined && by.includes(of) ? get(command, signal) : orNothing(get(command, signal));
    const [devs, temperature, fan, psu, mode] = await Promise.all([
      orNothing(rpc('devs', signal)),
      orNothing(get('temperature', signal)),
      orNothing(get('fan', signal)),
      orNothing(get('psu', signal)),
      needed('mode', ['HASHING_DISABLE', 'HASHING_ENABLE', 'POWER_MODE', 'POWER_LIMIT']),
    ]);
    const [frequency, led, poolList] = full
      ? await Promise.all([
          orNothing(get('frequency', signal)),
          needed('led', ['LED']),
          of === 'POOL_SET' ? rpc('pools', signal) : orNothing(rpc('pools', signal)),
        ])
      : [nothing, nothing, nothing];
    const values = parseValues({ summary, devs, temperature, fan, psu, mode, frequency });
    const pools = parsePools(poolList);
    const powerMode = modeOf(mode);
    const errorCodes = errorCodesOf(led);
    return {
      reading: {
        minerId,
        sampledAtMs,
        state: stateOf(values, isAsleep(mode)),
        ...(powerMode && { mode: powerMode }),
        ...(errorCodes && { errorCodes }),
        values: { ...values, ...pools.values },
      },
      pools: pools.pools,
      led: ledOf(led),
    };
  };

  const post = async (command: string, fields: Fields, signal?: AbortSignal): Promise<WriteOutcome> => {
    judged(
      await session(
        { method: 'POST', path: `/${command}`, body: JSON.stringify({ command, ...fields }) },
        signal,
      ),
    );
    return done;
  };
  const write = async (wanted: Wanted, signal?: AbortSignal): Promise<WriteOutcome> => {
    switch (wanted.type) {
      case 'MINER_RESTART':
        return post('restart', {}, signal);
      case 'HASHING_DISABLE':
        return post('mode', { sleep: 'on' }, signal);
      case 'HASHING_ENABLE':
        return post('mode', { sleep: 'off' }, signal);
      case 'POWER_MODE':
        return wanted.params.mode === 'sleep'
          ? { kind: 'refused', detail: 'sleep is HASHING_DISABLE on an Auradine' }
          : post('mode', { mode: modeWords[wanted.params.mode] }, signal);
      case 'POWER_LIMIT':
        return post('mode', { mode: 'custom', tune: 'power', power: wanted.params.limitW }, signal);
      case 'POOL_SET': {
        const pools = wanted.params.pools.map(({ url, user, password: pass }) => ({ url, user, pass }));
        return post('updatepools', { pools }, signal);
      }
      case 'LED':
        return post('led', { code: wanted.params.on ? ledCodes.on : ledCodes.off }, signal);
      case 'SET_FAN':
      case 'FAN_AUTO':
      case 'FREQUENCY_SET':
        return { kind: 'refused', detail: 'how this is put back is not documented' };
    }
  };

  return plainAdapter({
    minerId,
    nowMs,
    look,
    write: (wanted, _before, signal) => write(wanted, signal),
    identify: async (signal) => {
      const [report, details, version] = await Promise.all([
        orNothing(get('ipreport', signal)),
        orNothing(rpc('devdetails', signal)),
        rpc('version', signal),
      ]);
      const said = listOf(report.IPReport)[0] ?? {};
      const model = textOf(listOf(details.DEVDETAILS)[0]?.Model) ?? textOf(said.model) ?? textOf(said.Model);
      if (listOf(report.IPReport).length === 0 && !/^A[A-Z]\d{4}/.test(model ?? ''))
        throw new MinerFault('unparseable', 'this is not an Auradine');
      const { API: api, GCMiner: miner } = listOf(version.VERSION)[0] ?? {};
      return {
        vendor: 'auradine',
        model: model ? `Auradine ${model}` : 'Auradine',
        firmware: textOf(said.version) ?? textOf(said.Version) ?? textOf(miner) ?? 'unknown',
        apiVersion: textOf(api) ?? 'unknown',
        macAddress: textOf(said.mac) ?? textOf(said.MAC),
        serialNumber: textOf(said.SerialNo) ?? textOf(said.CBSerialNo) ?? textOf(said.serialNo),
        hostname: textOf(said.hostname) ?? textOf(said.Hostname),
      };
    },
  });
};
