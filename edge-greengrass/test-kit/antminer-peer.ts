import { tcpPeer } from './tcp-peer.ts';
import { webPeer } from './web-peer.ts';

/** A hand-written Antminer: answers as recorded ones do, takes the whole configuration, and shows what it was told. */
export const antminerPeer = async () => {
  const miner = {
    conf: {
      'bitmain-fan-ctrl': false,
      'bitmain-fan-pwm': '100',
      'bitmain-freq-level': '100',
      'bitmain-work-mode': '0',
      'api-listen': true,
      pools: [{ url: 'stratum+tcp://old.example:3333', user: 'old.1', pass: 'secret' }],
    } as Record<string, unknown>,
    uptimeS: 5_000,
    ghs: 110_000,
    chipTempC: 70,
    blink: false,
    writes: [] as string[],
    /** How the configuration page answers. */
    answer: 'success' as 'success' | 'refuse' | 'hang-up' | 'ignore' | 'silence',
  };
  const asleep = () => miner.conf['miner-mode'] === '1' || miner.conf['bitmain-work-mode'] === '1';
  const stats = () =>
    asleep()
      ? '{"STATUS":[{"STATUS":"S","Code":70}],"STATS":[{"BMMiner":"1.0.0","Type":"Antminer S19"}],"id":1}'
      : `{"STATUS":[{"STATUS":"S","Code":70}],"STATS":[{"BMMiner":"1.0.0","Miner":"49.0","Type":"Antminer S19"}{"Elapsed":${miner.uptimeS},` +
        `"GHS 5s":"${miner.ghs}","frequency":500,"temp_chip1":"${miner.chipTempC}-50","chain_acn1":114,"chain_rate1":"${miner.ghs}","fan1":5000}],"id":1}`;
  const rpc = await tcpPeer((request, socket) => {
    const { command } = JSON.parse(request) as { command: string };
    const answers: Record<string, () => string> = {
      version: () => '{"VERSION":[{"API":"3.1","Miner":"49.0","Type":"Antminer S19"}],"id":1}',
      stats,
      pools: () =>
        '{"POOLS":[{"POOL":0,"URL":"stratum+tcp://old.example:3333","Status":"Alive","Stratum Active":true,"Accepted":9}],"id":1}',
    };
    socket.end(`${answers[command]?.() ?? '{"STATUS":"E"}'}\0`);
  });
  const web = await webPeer({
    'GET /cgi-bin/get_miner_conf.cgi': (_, response) => response.end(JSON.stringify(miner.conf)),
    'POST /cgi-bin/set_miner_conf.cgi': (body, response) => {
      miner.writes.push(body);
      if (miner.answer === 'refuse') return void response.end('{"stats":"error","code":"M001","msg":"bad"}');
      if (miner.answer === 'silence') return;
      if (miner.answer !== 'ignore') {
        const next = JSON.parse(body) as Record<string, unknown>;
        miner.conf = {
          ...next,
          'bitmain-work-mode': next['miner-mode'],
          'bitmain-freq-level': next['freq-level'],
        };
        miner.uptimeS = 1;
      }
      if (miner.answer === 'hang-up') return void response.socket?.destroy();
      response.end('{"stats":"success","code":"M000","msg":"OK!"}');
    },
    'POST /cgi-bin/blink.cgi': (body, response) => {
      miner.writes.push(body);
      miner.blink = body.includes('"true"');
      response.end('{"code":"B000"}');
    },
    'GET /cgi-bin/get_blink_status.cgi': (_, response) => response.end(`{"blink":${miner.blink}}`),
    'GET /cgi-bin/reboot.cgi': (_, response) => {
      miner.writes.push('reboot');
      miner.uptimeS = 0;
      response.end('');
    },
  });
  return {
    miner,
    rpc,
    configured: {
      minerId: 'm-1',
      vendor: 'antminer' as const,
      host: '127.0.0.1',
      rpcPort: rpc.port,
      httpPort: web.port,
    },
    close: async () => void (await Promise.all([rpc.close(), web.close()])),
  };
};
