import * as z from 'zod';
import { DigestGate } from '../antminer/digest.ts';
import { firmwareView } from '../site/firmware-view.ts';
import type { ProtocolOf } from '../site/protocol.ts';
import type { SimulatedMiner } from '../site/simulated-miner.ts';
import { asJson, jsonReply, type WebReply, type WebRequest } from '../wire/web-server.ts';
import { ElphapexConfiguration } from './configuration.ts';
import { reportNamed } from './reports.ts';

const notFound: WebReply = { status: 404, body: '<h1>404 Not Found</h1>' };
const failed = jsonReply({ stats: 'error', code: 'M001', msg: 'failed' });
const success = jsonReply({ stats: 'success', code: 'M000', msg: 'OK!' });

const write = (
  miner: SimulatedMiner,
  configuration: ElphapexConfiguration,
  page: string,
  request: WebRequest,
) => {
  const body = asJson(request.body);
  const applied = (change: Parameters<SimulatedMiner['set']>[0] | undefined): WebReply =>
    change === undefined
      ? failed
      : {
          ...success,
          write: true,
          done: () => {
            miner.set(change);
            miner.restartProcess();
          },
        };
  switch (page) {
    case 'set_miner_conf':
      return applied(configuration.write(body));
    case 'setworkmode':
      return applied(configuration.setWorkMode(body));
    case 'blink': {
      const parsed = z.object({ blink: z.union([z.boolean(), z.stringbool()]) }).safeParse(body);
      if (!parsed.success) return jsonReply({ code: 'B001' });
      const { blink } = parsed.data;
      return {
        ...jsonReply({ code: blink ? 'B000' : 'B100' }),
        write: true,
        done: () => miner.set({ ledOn: blink }),
      };
    }
    case 'reboot':
      return { ...jsonReply({ stats: 'success' }), write: true, done: () => miner.reboot() };
    default:
      return undefined;
  }
};

const writePages = new Set(['set_miner_conf', 'setworkmode', 'blink', 'reboot']);

/**
 * An Elphapex DG1+: pages like an Antminer's under `/cgi-bin`, behind digest authentication (pyasic, asic-rs), and the same
 * under `/cgi-bin/luci`, which the machine's own web interface uses and which ask nobody who they are. There is no RPC port.
 */
export const elphapexProtocol: ProtocolOf = (miner, { nowMs, password = 'root' }) => {
  const configuration = new ElphapexConfiguration(miner.settings.pools);
  const gate = new DigestGate(nowMs, 'Daoge Miner');
  const login = { username: 'root', password };
  return {
    http: {
      kind: 'web',
      miner,
      server: 'lighttpd/1.4.50',
      answer: (request) => {
        const found = /^\/cgi-bin\/(luci\/)?(\w+)\.cgi$/.exec(request.path);
        const page = found?.[2] ?? '';
        if (!found?.[1]) {
          const verdict = gate.judge(request.headers.authorization, request, login);
          if (verdict !== 'accepted')
            return {
              status: 401,
              body: '401 Unauthorized',
              headers: { 'WWW-Authenticate': gate.challenge(verdict === 'stale') },
            };
        }
        // Work modes are set by the web interface's own pages only.
        if (page === 'setworkmode' && !found?.[1]) return notFound;
        if (writePages.has(page)) {
          if (miner.has('refuses_writes')) return failed;
          return write(miner, configuration, page, request) ?? notFound;
        }
        if (page === 'get_miner_conf') return jsonReply(configuration.read());
        const report = reportNamed(page, miner, firmwareView(miner), Math.floor(nowMs() / 1000));
        return report ? jsonReply(report) : notFound;
      },
    },
    login,
  };
};
