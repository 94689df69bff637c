import { firmwareView } from '../site/firmware-view.ts';
import type { ProtocolOf } from '../site/protocol.ts';
import { asJson, jsonReply, type WebReply, type WebRequest } from '../wire/web-server.ts';
import { boardOf } from './board.ts';
import { AxeSettings } from './settings.ts';
import { asicInfo, systemInfo } from './system-info.ts';

const page = (title: string): WebReply => ({
  status: 200,
  body: `<!doctype html><html lang="en"><head><title>${title}</title></head><body><app-root></app-root></body></html>`,
});
const nothing = (status: number, body = ''): WebReply => ({ status, body, type: 'text/html' });

/** AxeOS on a Bitaxe, or its fork for boards of several chips: an open web interface, nothing else. */
export const axeosProtocol: ProtocolOf = (miner) => {
  const board = boardOf(miner);
  const settings = new AxeSettings(miner, board);
  const title = board.firmware === 'nerd' ? 'NerdQAxe++' : 'AxeOS';

  const write = (effect: () => void, reply: WebReply = nothing(200)): WebReply =>
    miner.has('refuses_writes') ? nothing(401, 'Unauthorized') : { ...reply, write: true, done: effect };

  const patch = (body: string): WebReply => {
    const json = asJson(body);
    if (json === undefined) return nothing(400, 'Invalid JSON');
    const effect = settings.change(json);
    return effect ? write(effect) : nothing(400, 'Wrong API input');
  };

  const restart = () => write(() => settings.boot(), jsonReply({ message: 'System will restart shortly.' }));

  const post = (path: string): WebReply | undefined => {
    if (path === '/api/system/restart') return restart();
    if (board.firmware === 'pausing') {
      if (path === '/api/system/pause')
        return write(() => miner.set({ hashing: false }), jsonReply({ message: 'Mining paused' }));
      if (path === '/api/system/resume')
        return write(() => miner.set({ hashing: true }), jsonReply({ message: 'Mining resumed' }));
      if (path === '/api/system/identify')
        return write(
          () => miner.set({ ledOn: !miner.settings.ledOn }),
          jsonReply({ message: 'The device says "Hi!" for 30 seconds.' }),
        );
    }
    if (board.firmware === 'nerd' && path === '/api/system/shutdown')
      return write(() => miner.set({ hashing: false }), jsonReply({ message: 'System will shutdown.' }));
    return undefined;
  };

  const answer = ({ method, path, body }: WebRequest): WebReply => {
    if (method === 'GET' && path === '/api/system/info')
      return jsonReply(systemInfo(miner, firmwareView(miner), board, settings));
    if (method === 'GET' && path === '/api/system/asic' && board.firmware !== 'early')
      return jsonReply(asicInfo(miner, board));
    if (method === 'PATCH' && path === '/api/system') return patch(body);
    if (method === 'POST') {
      const reply = post(path);
      if (reply) return reply;
    }
    if (path.startsWith('/api/')) return jsonReply({ error: 'unknown route' }, 404);
    if (path === '/' || path === '/index.html') return page(title);
    return { ...nothing(302, 'Redirect to the captive portal'), headers: { Location: '/' } };
  };

  return { http: { kind: 'web', miner, answer }, login: {} };
};
