import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemInfo } from '../antminer/system-info.ts';
import { ask, type ManualSite, startManualSite, web } from '../test-support.ts';
import { identitiesOf } from './inventory.ts';
import { SimClock } from './sim-clock.ts';
import { SimulatedMiner } from './simulated-miner.ts';
import { ZoneAir } from './zone-air.ts';

const data = process.env.HASHINSIGHT_DATA ?? path.resolve(import.meta.dirname, '../../../shared/data');
const captures = path.join(data, 'captures');
const present = existsSync(captures);
if (!present)
  console.error(
    'The recorded answers of real miners are not here (HASHINSIGHT_DATA): their shapes are not compared.',
  );

let site: ManualSite;
beforeAll(async () => {
  site = await startManualSite();
});
afterAll(() => site.close());

/** Where the simulated answer lacks a key of the recorded one, or has a value of another type there. */
const differences = (recorded: unknown, simulated: unknown, at = ''): string[] => {
  if (Array.isArray(recorded)) {
    if (!Array.isArray(simulated)) return [`${at}: no list`];
    return recorded
      .slice(0, simulated.length)
      .flatMap((item, index) => differences(item, simulated[index], `${at}[${index}]`));
  }
  if (recorded !== null && typeof recorded === 'object') {
    if (simulated === null || typeof simulated !== 'object' || Array.isArray(simulated))
      return [`${at}: no object`];
    const own = new Map(Object.entries(simulated));
    return Object.entries(recorded).flatMap(([key, value]) =>
      own.has(key) ? differences(value, own.get(key), `${at}.${key}`) : [`${at}.${key}: missing`],
    );
  }
  return typeof recorded === typeof simulated ? [] : [`${at}: ${typeof simulated}, not ${typeof recorded}`];
};

const recordedJson = (file: string): unknown => JSON.parse(readFileSync(path.join(captures, file), 'utf8'));

describe.skipIf(!present)('answers have the shape of recorded ones', () => {
  it.each(['version', 'summary', 'stats', 'pools', 'devs'])('Antminer %s', async (command) => {
    const text = await ask(site.one('Antminer S19 Pro').rpcPort, JSON.stringify({ command }));
    expect(differences(recordedJson(`antminer/v2020/${command}.json`), JSON.parse(text))).toEqual([]);
  });

  it('Antminer get_system_info', () => {
    const [identity] = identitiesOf({ miners: 1, zones: 1, seed: 1, mix: { 'Antminer S21': 1 } });
    if (!identity) throw new Error('no miner');
    const miner = new SimulatedMiner(identity, {
      seed: 1,
      clock: new SimClock(1),
      air: new ZoneAir('zone-1', 1),
      pools: [],
    });
    expect(differences(recordedJson('antminer/v2020/system_info.json'), systemInfo(miner))).toEqual([]);
  });

  it.each([
    'summary',
    'devs',
    'pools',
    'status',
    'get_version',
    'get_miner_info',
    'get_psu',
    'get_error_code',
  ])('Whatsminer %s', async (command) => {
    const text = await ask(site.one('Whatsminer M50').rpcPort, JSON.stringify({ command }));
    expect(differences(recordedJson(`whatsminer/v2/${command}.json`), JSON.parse(text))).toEqual([]);
  });

  it('Whatsminer get_error_code with errors', async () => {
    const { minerId, rpcPort } = site.one('Whatsminer M50');
    site.inject(minerId, { kind: 'dead_fan', fan: 1 });
    site.pass(60);
    const answer = JSON.parse(await ask(rpcPort, '{"cmd":"get_error_code"}'));
    expect(answer.Msg.error_code).toEqual([
      { 110: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/) },
    ]);
    site.clear(minerId);
  });
});

describe.skipIf(!present)('aftermarket firmware answers in the shape of recorded answers', () => {
  const models = {
    luxos: 'Antminer S19k Pro (LuxOS)',
    braiins: 'Antminer S19j Pro (Braiins OS)',
    epic: 'Antminer S19 XP (ePIC)',
    graphql: 'Antminer S9 (Braiins OS 22.08)',
  } as const;
  let aftermarket: ManualSite;
  beforeAll(async () => {
    aftermarket = await startManualSite({
      miners: 4,
      mix: { [models.luxos]: 1, [models.braiins]: 1, [models.epic]: 1, [models.graphql]: 1 },
    });
  });
  afterAll(() => aftermarket.close());

  const unused = (file: string) => {
    // The recorded machine had more of them than the simulated site.
    const { POOLS, ...others } = Object(recordedJson(file));
    return POOLS === undefined ? others : { ...others, POOLS: POOLS.slice(0, 3) };
  };

  it.each([
    'version',
    'summary',
    'stats',
    'devs',
    'pools',
    'config',
    'fans',
    'temps',
    'power',
    'profiles',
    'events',
  ])('LuxOS %s', async (command) => {
    const text = await ask(aftermarket.one(models.luxos).rpcPort, JSON.stringify({ command }));
    expect(differences(unused(`luxos/v1/${command}.json`), JSON.parse(text))).toEqual([]);
  });

  it.each([
    ['healthchipget', '0'],
    ['voltageget', '2'],
  ])('LuxOS %s', async (command, parameter) => {
    const request = JSON.stringify({ command, parameter });
    const text = await ask(aftermarket.one(models.luxos).rpcPort, request);
    const file = `luxos/v1/${command}_${parameter}.json`;
    expect(differences(recordedJson(file), JSON.parse(text))).toEqual([]);
  });

  it.each([
    ['version', 'version'],
    ['miner/details', 'miner_details'],
    ['miner/stats', 'miner_stats'],
    ['miner/hw/hashboards', 'miner_hw_hashboards'],
    ['cooling/state', 'cooling_state'],
    ['pools', 'pools'],
    ['performance/tuner-state', 'performance_tuner_state'],
    ['configuration/miner', 'configuration_miner'],
    ['actions/locate', 'actions_locate'],
    ['network', 'network'],
    ['miner/errors', 'miner_errors'],
  ])('Braiins OS %s', async (path, file) => {
    const { httpPort = 0 } = aftermarket.one(models.braiins);
    const login = await web(httpPort, 'POST', '/api/v1/auth/login', {
      body: { username: 'root', password: 'root' },
    });
    const headers = { authorization: String(Object(login.body).token) };
    const { body } = await web(httpPort, 'GET', `/api/v1/${path}`, { headers });
    expect(differences(recordedJson(`braiins/v25_11/${file}.json`), body)).toEqual([]);
  });

  it.each([
    [
      'gql_system',
      '{ bos { hostname faultLight info { version { full } } uptime { durationS } } bosminer { info { workSolver { realHashrate { mhs5S } nominalMhs } fans { name speed rpm } summary { power { limitW approxConsumptionW } } } } }',
    ],
    [
      'gql_boards',
      '{ bosminer { info { workSolver { childSolvers { name realHashrate { mhs5S } nominalMhs hwDetails { chips frequencyMhz voltageV } temperatures { name degreesC } } } } } }',
    ],
    [
      'gql_tuning',
      '{ bosminer { config { ... on BosminerConfig { autotuning { mode powerTarget hashrateTarget } } } info { summary { power { limitW } } } } }',
    ],
    [
      'gql_pools',
      '{ bosminer { config { ... on BosminerConfig { groups { id strategy { ... on QuotaStrategy { quota } } } } } info { poolGroups { name pools { url user status active shares { acceptedSolutions rejectedSolutions } } } } } }',
    ],
  ])('Braiins OS %s', async (file, query) => {
    const { httpPort = 0 } = aftermarket.one(models.graphql);
    const { body } = await web(httpPort, 'POST', '/graphql', { body: { query } });
    const recorded = Object(recordedJson(`braiins/v21_09/${file}.json`));
    if (file === 'gql_pools') {
      // The recorded machine had two groups with a pool each.
      const { config, info } = recorded.data.bosminer;
      config.groups.length = 1;
      info.poolGroups.length = 1;
      Object(body).data.bosminer.info.poolGroups[0].pools.length = 1;
    }
    expect(differences(recorded, body)).toEqual([]);
  });

  it('Braiins OS version on the RPC port', async () => {
    const text = await ask(aftermarket.one(models.braiins).rpcPort, '{"command":"version"}');
    expect(differences(recordedJson('braiins/v25_03/version.json'), JSON.parse(text))).toEqual([]);
  });

  it.each([
    ['summary', 'summary'],
    ['capabilities', 'capabilities'],
    ['network', 'network'],
    ['temps', 'temps'],
    ['temps/chip', 'chip_temps'],
    ['voltages', 'chip_voltages'],
    ['clocks', 'chip_clocks'],
    ['hashrate', 'chip_hashrates'],
  ])('ePIC %s', async (path, file) => {
    const { httpPort = 0 } = aftermarket.one(models.epic);
    const { body } = await web(httpPort, 'GET', `/${path}`);
    expect(differences(recordedJson(`epic/v1/${file}.json`), body)).toEqual([]);
  });
});
