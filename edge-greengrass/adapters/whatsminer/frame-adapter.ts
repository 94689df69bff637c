import type { MinerState } from '../../../contracts/reading.ts';
import { MinerFault } from '../../io/miner-fault.ts';
import type { MinerAdapter, WriteOutcome } from '../miner-adapter.ts';
import type { MinerIo } from '../miner-io.ts';
import { type Look, plainAdapter } from '../plain-adapter.ts';
import type { Wanted } from '../put-back.ts';
import { type Fields, fieldsOf, numberOf, textOf } from '../values.ts';
import { withoutEffect } from '../write-outcome.ts';
import { modeOf, parseDevice, parsePools, parseStatus } from './frame-answers.ts';
import { frameWriteFor, sealedRequest } from './frame-writes.ts';

type Deps = {
  readonly minerId: string;
  readonly io: MinerIo;
  readonly username: string;
  readonly password: string;
  readonly nowMs: () => number;
};

const bootS = 300;
const refusals: Readonly<Record<number, string>> = {
  [-1]: 'it failed',
  [-2]: 'it does not know the command',
  [-3]: 'it misses a parameter',
  [-4]: 'its account or write access does not permit it',
};

/** API 3 knows the accounts `super`, `user1`…; `admin` is API 2's, and each firmware's factory password is its account's name. */
const loginOf = ({ username, password }: Pick<Deps, 'username' | 'password'>) =>
  username === 'admin'
    ? { account: 'super', password: password === 'admin' ? 'super' : password }
    : { account: username, password };

/**
 * A Whatsminer with API 3: framed JSON on TCP 4433, reads open to all, writes under a token. Sources: the maker's document
 * (apidoc.whatsminer.com), tetherto/miningos-wrk-miner-whatsminer (`lib/wm-api-v3.js`, verified by its authors on an M63S++ with
 * API 3.0.5, and its mock), 256foundation/asic-rs `whatsminer/v3`. The sources differ on the power mode's command; the first two
 * say `set.miner.power_mode`. Shares are not told, only their rejected part. Write access is the operator's to open on the
 * miner: what opens it from outside is not used here.
 */
export const frameAdapter = ({ minerId, io, nowMs, ...given }: Deps): MinerAdapter => {
  const login = loginOf(given);

  /** The whole answer of a read. Rejects with `denied` for a code that is not 0. */
  const ask = async (cmd: string, param?: string, signal?: AbortSignal) => {
    const answer = await io.frame(JSON.stringify({ cmd, ...(param && { param }) }), signal);
    const code = numberOf(answer.code);
    if (code === undefined) throw new MinerFault('unparseable', 'the answer holds no code');
    if (code !== 0) throw new MinerFault('denied', `the miner refuses ${cmd} (code ${code})`);
    return answer;
  };
  const told = async (cmd: string, param?: string, signal?: AbortSignal) =>
    fieldsOf((await ask(cmd, param, signal)).msg);
  const orNothing = (answer: Promise<Fields>) => answer.catch((): Fields => ({}));

  const stateOf = (
    { hashrateThs, uptimeS }: Look['reading']['values'],
    works: boolean | undefined,
    errors: number,
    starting: boolean,
  ): MinerState => {
    if (works === false) return 'stopped';
    if ((hashrateThs ?? 0) > 0) return 'hashing';
    if (starting || uptimeS === undefined || uptimeS < bootS) return 'booting';
    return errors > 0 ? 'fault' : 'idle';
  };

  const look = async (depth: 'core' | 'full', of?: string, signal?: AbortSignal): Promise<Look> => {
    const sampledAtMs = nowMs();
    const full = depth === 'full';
    const parts = full ? 'summary+pools+edevs' : 'summary+edevs';
    /** A miner whose service is stopped may have no status; then what it says of itself must do. */
    const status = await told('get.miner.status', parts, signal).catch((error: unknown): Fields => {
      if (error instanceof MinerFault && error.kind === 'denied') return {};
      throw error;
    });
    const values = parseStatus(status);
    const quiet = (values.hashrateThs ?? 0) <= 0;
    const [info, setting] = [
      full || quiet
        ? await (of || status.summary === undefined ? told : toldOrNothing)(
            'get.device.info',
            undefined,
            signal,
          )
        : {},
      full ? await (of === 'POWER_MODE' ? told : toldOrNothing)('get.miner.setting', undefined, signal) : {},
    ];
    const device = parseDevice(info);
    if (status.summary === undefined && device.works !== false)
      throw new MinerFault('unparseable', 'the answer holds no summary');
    const pools = parsePools(status);
    const mode = modeOf(setting);
    const starting = textOf(fieldsOf(status.summary)['up-freq-finish']) === '0';
    return {
      reading: {
        minerId,
        sampledAtMs,
        state: stateOf(values, device.works, device.errorCodes?.length ?? 0, starting),
        ...(mode && { mode }),
        ...(full && device.errorCodes && { errorCodes: device.errorCodes }),
        values: { ...values, ...pools.values },
      },
      pools: pools.pools,
      led: device.led,
    };
  };
  const toldOrNothing: typeof told = (...asked) => orNothing(told(...asked));

  /** The salt of the tokens, and the moment by the miner's own clock. */
  const salted = async (signal?: AbortSignal) => {
    const { msg, when } = await ask('get.device.info', 'salt', signal);
    const salt = textOf(fieldsOf(msg).salt);
    if (salt === undefined) throw new MinerFault('denied', 'the miner gives no salt');
    const clockS = numberOf(when);
    const isClock = clockS !== undefined && clockS > 1e9 && clockS < 1e11;
    return { salt, atS: Math.floor(isClock ? clockS : nowMs() / 1_000) };
  };

  const write = async (wanted: Wanted, signal?: AbortSignal): Promise<WriteOutcome> => {
    const command = frameWriteFor(wanted);
    if (!command) return { kind: 'refused', detail: 'API 3 has no such command' };
    const request = sealedRequest(command, { ...login, ...(await withoutEffect(salted(signal))) });
    const code = numberOf((await io.frame(request, signal)).code);
    if (code === undefined) throw new MinerFault('unparseable', 'the answer holds no code');
    if (code === 0) return { kind: 'done' };
    const why = refusals[code] ?? 'for a reason that is not documented';
    return { kind: 'refused', detail: `the miner refuses ${command.command}: ${why} (code ${code})` };
  };

  return plainAdapter({
    minerId,
    nowMs,
    look,
    write: (wanted, _before, signal) => write(wanted, signal),
    identify: async (signal) => {
      const { model, firmware, api, macAddress, serialNumber, hostname } = parseDevice(
        await told('get.device.info', undefined, signal),
      );
      if (api === undefined && firmware === undefined)
        throw new MinerFault('unparseable', 'this is not a Whatsminer');
      return {
        vendor: 'whatsminer',
        model: model ? `Whatsminer ${model}` : 'Whatsminer',
        firmware: firmware ?? 'unknown',
        apiVersion: api ?? '3',
        macAddress,
        serialNumber,
        hostname,
      };
    },
  });
};
