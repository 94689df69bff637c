import { createServer } from 'node:net';
import { platform } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ModelName, modelNames } from '../simulator/physics/models.ts';
import { allFirmwares } from '../simulator/site/inventory.ts';
import { type SimulatedSite, startSite } from '../simulator/site/simulated-site.ts';
import { fields, wrongFields } from './peers/compare.ts';
import { type Difference, knownDifferences } from './peers/known-differences.ts';
import { type Order, Peer, peerNames, peerReading, pythonWith } from './peers/peer-process.ts';

/** The peers ask at the vendors' ports alone. */
const net = 96;
const canListen = async (port: number) =>
  new Promise<boolean>((resolve) => {
    const server = createServer()
      .once('error', () => resolve(false))
      .listen(port, `127.${net}.255.254`, () => server.close(() => resolve(true)));
  });
const hasPorts =
  platform() === 'linux' && (await Promise.all([80, 4028, 4433, 8080].map(canListen))).every(Boolean);
if (!hasPorts) process.stdout.write('skipped: independent peers, they need the vendors’ ports under 127/8\n');

let site: SimulatedSite;
let steadyMs = 0;
const pass = (simulatedS: number) => {
  steadyMs += simulatedS * 1_000;
};
const one = (model: ModelName) => {
  const entry = site.inventory().find((miner) => miner.model === model);
  if (!entry) throw new Error(`no ${model}`);
  return { entry, physical: () => site.physical(entry.minerId) };
};

beforeAll(async () => {
  if (!hasPorts) return;
  site = await startSite({
    miners: modelNames.length,
    seed: 5,
    speed: 1,
    mix: allFirmwares,
    steadyMs: () => steadyMs,
    nowMs: () => Date.now() + steadyMs,
    vendorPorts: { rpcPort: 4028, httpPort: 80, net },
  });
});
afterAll(() => site?.close());

describe.each(peerNames)('%s', { timeout: 90_000 }, (name) => {
  const python = hasPorts ? pythonWith(name) : undefined;
  if (hasPorts && python === undefined)
    process.stdout.write(`skipped: ${name}, no Python here has it (test/peers/README.md)\n`);

  describe.skipIf(python === undefined)('beside the simulated miners', () => {
    let peer: Peer;
    beforeAll(() => {
      peer = new Peer(python ?? '', name);
    });
    afterAll(() => peer.close());

    // A peer gives up by its own clock, which a busy machine can outrun.
    it.each(modelNames)(
      'reads what a %s physically is, but for what is known',
      { retry: 2 },
      async (model) => {
        const { entry, physical } = one(model);
        const known = knownDifferences[name][model] ?? [];
        const answer = await peer.ask(entry, { order: 'read' }).catch((error: unknown) => error);
        const wrong =
          answer instanceof Error
            ? [...fields]
            : wrongFields({ entry, physical: physical(), reading: peerReading.parse(answer) });
        const fieldsOf = (differences: readonly Difference[]) =>
          differences.flatMap((one) => (one.fields === 'everything' ? [...fields] : one.fields));
        const expected = fieldsOf(known.filter(({ sometimes }) => !sometimes));
        const possible = fieldsOf(known.filter(({ sometimes }) => sometimes));
        expect(
          wrong.filter((field) => !possible.includes(field) || expected.includes(field)).toSorted(),
          `${answer instanceof Error ? answer.message : JSON.stringify(answer)}`,
        ).toEqual(expected.toSorted());
      },
    );
  });
});

const rust = hasPorts ? pythonWith('asic-rs') : undefined;
describe.skipIf(rust === undefined)('orders by asic-rs', { timeout: 90_000 }, () => {
  let peer: Peer;
  beforeAll(() => {
    peer = new Peer(rust ?? '', 'asic-rs');
  });
  afterAll(() => peer.close());
  const order = (model: ModelName, what: Order) => peer.ask(one(model).entry, what);

  it.each([
    'Antminer S19',
    'Antminer S21',
    'Whatsminer M50',
    'Whatsminer M60S (API 3)',
    'Avalon Q',
    'Auradine AT1500',
    'Sealminer A2',
    'Proto Rig',
    'Antminer S19j Pro (Braiins OS)',
    'Antminer S9 (Braiins OS 22.08)',
    'Antminer S19k Pro (LuxOS)',
    'Antminer S19 (VNish)',
    'Antminer S19 XP (ePIC)',
  ] as const)('stop a %s and let it hash again', async (model) => {
    const { physical } = one(model);
    // It takes VNish's answer without content, as VNish's API page has it, for a failure.
    const says = model !== 'Antminer S19 (VNish)';
    expect(await order(model, { order: 'pause' })).toBe(says);
    pass(60);
    expect(physical()).toMatchObject({ hashing: false, hashrateThs: 0 });
    expect(await order(model, { order: 'resume' })).toBe(says);
    pass(400);
    expect(physical().hashing).toBe(true);
  });

  // It has no order for AxeOS, does not know the wrapped M60, and speaks the Antminer's pages of the S19 and later.
  const unlit = new Set<ModelName>([
    'Bitaxe Gamma',
    'Bitaxe Supra',
    'NerdQAxe++',
    'Whatsminer M60',
    'Antminer S9',
    'Antminer S17',
  ]);
  it.each(modelNames.filter((model) => !unlit.has(model)))('light the lamp of a %s', async (model) => {
    const { physical } = one(model);
    expect(await order(model, { order: 'light', value: true })).toBe(true);
    expect(physical().ledOn).toBe(true);
    // A Proto Rig's goes out by itself and not before.
    if (model === 'Proto Rig') return;
    expect(await order(model, { order: 'light', value: false })).toBe(true);
    expect(physical().ledOn).toBe(false);
  });

  it.each([
    ['Antminer S19j Pro (Braiins OS)', 2_400],
    ['Antminer S9 (Braiins OS 22.08)', 1_100],
    ['Whatsminer M50', 2_800],
    ['Whatsminer M60S (API 3)', 3_000],
    ['Proto Rig', 6_000],
  ] as const)('limit the power of a %s', async (model, watts) => {
    const { physical } = one(model);
    expect(await order(model, { order: 'power_limit', value: watts })).toBe(true);
    pass(600);
    expect(physical().powerW).toBeLessThan(watts * 1.03);
  });
});
