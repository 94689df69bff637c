import * as z from 'zod';
import { firmwareView } from '../site/firmware-view.ts';
import type { SimulatedMiner } from '../site/simulated-miner.ts';
import { asJson, jsonReply, type WebHost, type WebReply, type WebRequest } from '../wire/web-server.ts';
import type { AntminerConfiguration } from './configuration.ts';
import type { DigestGate } from './digest.ts';
import { newApiPages, newApiReport } from './new-api-reports.ts';
import { networkInfo, systemInfo } from './system-info.ts';
import { passwordPage, type WebLogin } from './web-login.ts';

type AntminerHost = { readonly miner: SimulatedMiner; readonly configuration: AntminerConfiguration };
type Page = (host: AntminerHost, request: WebRequest) => WebReply;

const page = (status: number, title: string): WebReply => ({
  status,
  body: `<?xml version="1.0" encoding="iso-8859-1"?>\n<html><head><title>${status} - ${title}</title></head><body><h1>${status} - ${title}</h1></body></html>\n`,
  type: 'text/html',
});

/** The web interface of an Antminer: pages under `/cgi-bin`, all of them behind digest authentication. */
export const antminerWeb = (
  host: AntminerHost,
  { gate, login, nowMs }: { gate: DigestGate; login: WebLogin; nowMs: () => number },
): WebHost => ({
  miner: host.miner,
  server: 'lighttpd/1.4.32',
  tooLarge: page(413, 'Payload Too Large'),
  answer: (request) => {
    const verdict = gate.judge(request.headers.authorization, request, login);
    if (verdict !== 'accepted')
      return {
        ...page(401, 'Unauthorized'),
        headers: { 'WWW-Authenticate': gate.challenge(verdict === 'stale') },
      };
    const name = /^\/cgi-bin\/(\w+)\.cgi$/.exec(request.path)?.[1] ?? '';
    const report = newApiPages.find((known) => known === name);
    if (report) {
      const nowS = Math.floor(nowMs() / 1000);
      return jsonReply(
        newApiReport(report, host.miner, firmwareView(host.miner), nowS, host.configuration.mode),
      );
    }
    if (name === 'passwd') return passwordPage(host.miner, request, login);
    const answer = Object.hasOwn(pages, name) ? pages[name] : undefined;
    return answer ? answer(host, request) : page(404, 'Not Found');
  },
});

const setConfiguration: Page = ({ miner, configuration }, request) => {
  if (request.method !== 'POST')
    return { ...jsonReply({ stats: 'error', code: 'M002', msg: 'Method not allowed' }), write: true };
  if (miner.has('refuses_writes'))
    return jsonReply({ stats: 'error', code: 'M001', msg: 'Permission denied!' });
  const change = configuration.write(asJson(request.body));
  if (!change) return jsonReply({ stats: 'error', code: 'M001', msg: 'Invalid configuration!' });
  return {
    ...jsonReply({ stats: 'success', code: 'M000', msg: 'OK!' }),
    write: true,
    done: () => {
      miner.set(change);
      miner.restartProcess();
    },
  };
};

const blinkBody = z.object({ blink: z.union([z.boolean(), z.string()]) });

const blink: Page = ({ miner }, request) => {
  const form = /^\s*blink=(true|false)\s*$/.exec(request.body)?.[1];
  const parsed = blinkBody.safeParse(form === undefined ? asJson(request.body) : { blink: form });
  const wanted = parsed.success ? String(parsed.data.blink) : '';
  if (request.method !== 'POST' || (wanted !== 'true' && wanted !== 'false') || miner.has('refuses_writes'))
    return jsonReply({ code: 'B001' });
  return {
    ...jsonReply({ code: wanted === 'true' ? 'B000' : 'B100' }),
    write: true,
    done: () => miner.set({ ledOn: wanted === 'true' }),
  };
};

const reboot: Page = ({ miner }) =>
  miner.has('refuses_writes')
    ? page(403, 'Forbidden')
    : {
        ...jsonReply({ stats: 'success', code: 'R000', msg: 'OK!' }),
        write: true,
        done: () => miner.reboot(),
      };

const pages: Record<string, Page> = {
  get_system_info: ({ miner }) => jsonReply(systemInfo(miner)),
  get_network_info: ({ miner }) => jsonReply(networkInfo(miner)),
  miner_type: ({ miner }) =>
    miner.identity.model === 'Antminer S21'
      ? jsonReply({
          miner_type: miner.identity.model,
          subtype: 'NBP1901_BHB68601',
          fw_version: systemInfo(miner).system_filesystem_version,
        })
      : page(404, 'Not Found'),
  get_miner_conf: ({ configuration }) => jsonReply(configuration.read()),
  get_blink_status: ({ miner }) => jsonReply({ blink: miner.settings.ledOn }),
  set_miner_conf: setConfiguration,
  blink,
  reboot,
};
