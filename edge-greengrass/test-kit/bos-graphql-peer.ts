import { onTestFinished } from 'vitest';
import { braiinsAdapter } from '../adapters/braiins/braiins-adapter.ts';
import { fieldsOf } from '../adapters/values.ts';
import { ioAt } from './io-at.ts';
import { jsonOf, type PlainAnswer, plainPeer } from './plain-peer.ts';

export const pool = (name: string) => ({ url: `stratum+tcp://${name}.example:3333`, user: `${name}.1` });

/** A miner under Braiins OS of the GraphQL years, written by hand: reading is open, changing needs the cookie of a login. */
export const bosPeer = async () => {
  const miner = {
    running: true,
    uptimeS: 5_000,
    led: false,
    pools: [pool('old')],
    autotuning: { mode: 'HASHRATE_TARGET', powerTarget: 3_000, hashrateTarget: 95.5 } as Record<
      string,
      unknown
    >,
    cooling: { mode: 'AUTO', targetTemp: 61.5, speed: 70 } as Record<string, unknown>,
    session: '',
    logins: 0,
    changes: [] as string[],
    /** How mutations end. */
    answer: 'obey' as 'obey' | 'hang-up' | 'error-type' | 'lose-login',
  };
  const reading = () => ({
    bos: {
      hostname: 'rig',
      info: { version: { full: '2025-04-07-0-424f9a7f-25.03-plus' } },
      faultLight: miner.led,
      uptime: { durationS: miner.uptimeS },
    },
    bosminer: {
      info: {
        modelName: 'Antminer S19j Pro',
        fans: [{ name: '0', rpm: 4_000, speed: 70 }],
        summary: { power: { approxConsumptionW: 3_000, limitW: 3_000 } },
        workSolver: miner.running
          ? { nominalMhs: 100e6, realHashrate: { mhs5S: 99e6 }, childSolvers: [] }
          : null,
        poolGroups: [
          {
            pools: miner.pools.map((one) => ({
              ...one,
              active: true,
              status: 'ALIVE',
              shares: { acceptedSolutions: 4 },
            })),
          },
        ],
      },
      config: {
        autotuning: miner.autotuning,
        tempControl: { mode: miner.cooling.mode, targetTemp: miner.cooling.targetTemp },
        fanControl: { speed: miner.cooling.speed },
      },
    },
  });
  const obey = (query: string, variables: Record<string, unknown>) => {
    const input = fieldsOf(variables.input);
    const groups = variables.groups as { pools: { url: string; user: string }[] }[] | undefined;
    if (query.includes('updateAutotuning')) miner.autotuning = { ...miner.autotuning, ...input };
    else if (query.includes('updateTempAndFans')) miner.cooling = { ...miner.cooling, ...input };
    else if (groups) miner.pools = groups[0]?.pools.map(({ url, user }) => ({ url, user })) ?? [];
    else if (query.includes('setFaultLight')) miner.led = variables.enable === true;
    else if (query.includes('reboot')) miner.uptimeS = 2;
    else miner.running = !query.includes('stop');
  };
  const peer = await plainPeer((request): PlainAnswer => {
    if (request.path === '/cgi-bin/luci')
      return request.body === 'luci_username=root&luci_password=secret'
        ? { status: 302, cookie: 'sysauth=abc; path=/' }
        : { status: 403 };
    if (request.path === '/cgi-bin/luci/admin/network/iface_status/lan')
      return request.headers.cookie === 'sysauth=abc'
        ? { json: [{ macaddr: '02:00:00:12:34:56' }] }
        : { status: 403 };
    if (request.path !== '/graphql') return { status: 404, text: 'not here' };
    const { query, variables } = jsonOf(request) as { query: string; variables: Record<string, unknown> };
    if (query.includes('login(')) {
      miner.logins++;
      if (miner.answer === 'lose-login') return 'hang-up';
      if (variables.password !== 'secret')
        return { json: { data: { auth: { login: { __typename: 'AuthError' } } } } };
      miner.session = `session_id=s${miner.logins}`;
      return {
        json: { data: { auth: { login: { __typename: 'VoidResult' } } } },
        cookie: `${miner.session}; HttpOnly`,
      };
    }
    if (!query.startsWith('mutation')) return { json: { data: reading() } };
    if (miner.session === '' || request.headers.cookie !== miner.session)
      return { json: { data: null, errors: [{ message: 'Unauthorized' }] } };
    if (miner.answer === 'error-type')
      return { json: { data: { bosminer: { stop: { __typename: 'BosminerError' } } } } };
    miner.changes.push(/(\w+)(?:\(input|\(groups|\(enable| \{ __typename)/.exec(query)?.[1] ?? query);
    obey(query, variables);
    return miner.answer === 'hang-up'
      ? 'hang-up'
      : { json: { data: { bos: { done: { __typename: 'VoidResult' } } } } };
  });
  onTestFinished(() => peer.close());
  const adapter = (password = 'secret') =>
    braiinsAdapter({
      minerId: 'm-1',
      io: ioAt({ httpPort: peer.port }),
      username: 'root',
      password,
      nowMs: Date.now,
    });
  return { miner, peer, adapter };
};
