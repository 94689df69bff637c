import type { SimulatedMiner } from '../site/simulated-miner.ts';
import { jsonReply, type WebHost, type WebReply, type WebRequest } from '../wire/web-server.ts';
import type { DigestGate } from './digest.ts';
import type { FormConfiguration } from './form-configuration.ts';
import { networkInfo, systemInfo } from './system-info.ts';
import { passwordForm, type WebLogin } from './web-login.ts';

/** The script restarts the mining process and sleeps half a minute before it says `ok`; longer than a gateway waits is enough. */
const writeAnswerMs = 8_000;

const text = (body: string, status = 200): WebReply => ({ status, body, type: 'text/plain' });

/** The settings page, as far as a program reads it: the present file, and the order in which the form is sent. */
const settingsPage = (configuration: FormConfiguration) => `<html><head><script>
ant_data = ${JSON.stringify(configuration.read(), null, 1)};
function f_submit_miner_conf() {
	jQuery("#cbi_apply_cgminer_fieldset").show();
	jQuery.ajax({
		type: 'POST',
		url: '/cgi-bin/set_miner_conf.cgi',
		dataType: 'json',
		timeout: 30000,
		cache: false,
		data: {${configuration.fields.map((field) => `${field}:${field}`).join(', ')}},
		success: function(data) { window.location.reload(); }
	});
}
</script></head><body></body></html>
`;

/**
 * The web interface of Antminers from S9 to S17: CGI shell scripts of github.com/bitmaintech/Antminer_firmware (lighttpd recipe) and
 * of later images that kept them, read there and in BTC Tools and Foreman's agent. Writes are forms. A second write while one is at work
 * waits for the first and does nothing. Lights blink for as long as the request lasts.
 */
export const formWeb = (
  miner: SimulatedMiner,
  configuration: FormConfiguration,
  { gate, login, nowMs }: { gate: DigestGate; login: WebLogin; nowMs: () => number },
): WebHost => {
  let busyUntilMs = 0;
  const setConfiguration = (request: WebRequest): WebReply => {
    if (miner.has('refuses_writes')) return text('<h1>403 - Forbidden</h1>', 403);
    if (request.method !== 'POST') return text('');
    if (nowMs() < busyUntilMs) return { ...text(''), afterMs: writeAnswerMs };
    const change = configuration.write(request.body);
    if (!change) return text('');
    busyUntilMs = nowMs() + writeAnswerMs;
    miner.set(change);
    miner.restartProcess();
    return { ...text('ok'), write: true, afterMs: writeAnswerMs };
  };
  const blink = (request: WebRequest): WebReply => {
    const action = new URLSearchParams(request.body).get('action');
    if (action === 'onPageLoaded') return jsonReply({ isBlinking: miner.settings.ledOn });
    if (miner.has('refuses_writes') || (action !== 'startBlink' && action !== 'stopBlink'))
      return text('', 403);
    miner.set({ ledOn: action === 'startBlink' });
    return {
      ...jsonReply({ isBlinking: miner.settings.ledOn }),
      write: true,
      ...(action === 'startBlink' && { afterMs: writeAnswerMs }),
    };
  };
  return {
    miner,
    server: 'lighttpd/1.4.32',
    answer: (request) => {
      const verdict = gate.judge(request.headers.authorization, request, login);
      if (verdict !== 'accepted')
        return {
          ...text('401 - Unauthorized', 401),
          headers: { 'WWW-Authenticate': gate.challenge(verdict === 'stale') },
        };
      switch (request.path) {
        case '/cgi-bin/get_system_info.cgi':
          return jsonReply(systemInfo(miner));
        case '/cgi-bin/get_network_info.cgi':
          return jsonReply(networkInfo(miner));
        case '/cgi-bin/get_miner_conf.cgi':
          return jsonReply(configuration.read());
        case '/cgi-bin/minerConfiguration.cgi':
          return { status: 200, body: settingsPage(configuration), type: 'text/html' };
        case '/cgi-bin/set_miner_conf.cgi':
          return setConfiguration(request);
        case '/cgi-bin/passwd.cgi':
          return passwordForm(miner, request, login);
        case '/cgi-bin/blink.cgi':
          return blink(request);
        case '/cgi-bin/reboot.cgi':
          return miner.has('refuses_writes')
            ? text('<h1>403 - Forbidden</h1>', 403)
            : { ...text(''), write: true, done: () => miner.reboot() };
        default:
          return text('<h1>404 - Not Found</h1>', 404);
      }
    },
  };
};
