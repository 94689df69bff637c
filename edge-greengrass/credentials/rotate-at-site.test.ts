import { afterEach, beforeEach, expect, it } from 'vitest';
import type { FaultInput } from '../../simulator/faults.ts';
import { type SimulatedSite, startSite } from '../../simulator/site/simulated-site.ts';
import { antminerLogin } from '../adapters/antminer/web-login.ts';
import { minerIo } from '../adapters/miner-io.ts';
import { type ConfiguredMiner, configuredMiner } from '../config.ts';
import { loginOf } from '../discovery/likely-logins.ts';
import { Semaphore } from '../io/semaphore.ts';
import { vaultOf } from '../sealing/disk-vault.ts';
import { StateFile } from '../state/state-file.ts';
import { webPeer } from '../test-kit/web-peer.ts';
import { loginWayOf } from './login-ways.ts';
import { PasswordChanges } from './password-changes.ts';
import type { RotationOutcome } from './rotate-password.ts';
import { resolvePending, rotatePasswords } from './rotate-passwords.ts';

/** The miners' clocks and the gateway's, which is ahead of real time where the gateway waits. */
let atMs: number;
let site: SimulatedSite;
let state: StateFile;
let miners: readonly ConfiguredMiner[];
const limits = { connectMs: 1_000, exchangeMs: 400, maxBytes: 65_536 };

beforeEach(async () => {
  atMs = 1_760_000_000_000;
  site = await startSite({ miners: 5, seed: 9, speed: 1, nowMs: () => atMs });
  state = new StateFile(':memory:');
  miners = site
    .inventory()
    .map(({ minerId, vendor, model, host, rpcPort, httpPort, password }) =>
      configuredMiner.parse({ minerId, vendor, model, host, rpcPort, httpPort, password }),
    );
});
afterEach(async () => {
  state.close();
  await site.close();
});

const deps = (outcomes: Map<string, RotationOutcome>) => ({
  miners,
  wayOf: (miner: ConfiguredMiner) => loginWayOf(miner, limits, new Semaphore(16), () => atMs),
  changes: new PasswordChanges(state, vaultOf(new Uint8Array(32))),
  keep: async (after: readonly ConfiguredMiner[]) => {
    miners = after;
  },
  clock: {
    nowMs: () => atMs,
    wait: async (ms: number) => {
      atMs += ms;
    },
  },
  signal: new AbortController().signal,
  onOutcome: (minerId: string, outcome: RotationOutcome) => outcomes.set(minerId, outcome),
});
const rotate = async (chosen: readonly string[]) => {
  const outcomes = new Map<string, RotationOutcome>();
  await rotatePasswords(new Set(chosen), deps(outcomes));
  return outcomes;
};
const oneOf = (vendor: string) => site.inventory().find((entry) => entry.vendor === vendor)?.minerId ?? '';
const holds = (minerId: string) => site.inventory().find((entry) => entry.minerId === minerId)?.password;
const sealed = (minerId: string) => {
  const miner = miners.find((each) => each.minerId === minerId);
  return miner && loginOf(miner).password;
};

it.each<[string, string, FaultInput | undefined, RotationOutcome]>([
  ['an Antminer', 'antminer', undefined, 'changed'],
  ['a Whatsminer', 'whatsminer', undefined, 'changed'],
  ['an Antminer that refuses writes', 'antminer', { kind: 'refuses_writes' }, 'kept'],
  ['a Whatsminer that refuses writes', 'whatsminer', { kind: 'refuses_writes' }, 'kept'],
  ['an Antminer that says yes and does nothing', 'antminer', { kind: 'no_effect' }, 'kept'],
  ['a Whatsminer that says yes and does nothing', 'whatsminer', { kind: 'no_effect' }, 'kept'],
  ['an Antminer whose answers are lost', 'antminer', { kind: 'lost_answers' }, 'changed'],
  ['a Whatsminer whose answers are lost', 'whatsminer', { kind: 'lost_answers' }, 'changed'],
  ['an Antminer that is not there', 'antminer', { kind: 'network_loss' }, 'not_let_in'],
  ['a Whatsminer that answers half', 'whatsminer', { kind: 'half_answer' }, 'not_let_in'],
])('%s', async (_, vendor, fault, outcome) => {
  const minerId = oneOf(vendor);
  const before = holds(minerId);
  if (fault) site.inject(minerId, fault);
  expect(await rotate([minerId])).toEqual(new Map([[minerId, outcome]]));
  expect(sealed(minerId)).toBe(holds(minerId));
  expect(holds(minerId) === before).toBe(outcome !== 'changed');
});

it('keeps both passwords of a miner that falls silent after the write, and finds out later which one holds', async () => {
  const minerId = oneOf('antminer');
  const before = holds(minerId);
  const outcomes = new Map<string, RotationOutcome>();
  const given = deps(outcomes);
  const silent = rotatePasswords(new Set([minerId]), {
    ...given,
    wayOf: (miner) => {
      const way = given.wayOf(miner);
      return (
        way && {
          ...way,
          change: async (from, password, signal) => {
            const outcome = await way.change?.(from, password, signal);
            site.inject(minerId, { kind: 'network_loss', how: 'refuse' });
            return outcome ?? { kind: 'refused', detail: '' };
          },
        }
      );
    },
  });
  await silent;
  expect(outcomes.get(minerId)).toBe('unresolved');
  expect(sealed(minerId)).toBe(before);
  expect(holds(minerId)).not.toBe(before);
  const [pending] = given.changes.all();
  expect(pending?.to.password).toBe(holds(minerId));

  site.clear(minerId);
  await expect
    .poll(async () => {
      await resolvePending(deps(new Map()));
      return sealed(minerId);
    })
    .toBe(holds(minerId));
  expect(given.changes.all()).toEqual([]);
});

it('is changed by the form of older generations, and kept where that is refused', async () => {
  const old = await startSite({
    miners: 4,
    seed: 3,
    speed: 1,
    nowMs: () => atMs,
    mix: { 'Antminer S9': 1, 'Antminer S17': 1 },
  });
  try {
    miners = old
      .inventory()
      .map(({ minerId, vendor, model, host, rpcPort, httpPort, password }) =>
        configuredMiner.parse({ minerId, vendor, model, host, rpcPort, httpPort, password }),
      );
    const [last, ...others] = miners.map(({ minerId }) => minerId).toReversed();
    old.inject(last ?? '', { kind: 'refuses_writes' });
    const outcomes = await rotate([...others, last ?? '']);
    expect(outcomes.get(last ?? '')).toBe('kept');
    expect(others.map((minerId) => outcomes.get(minerId))).toEqual(['changed', 'changed', 'changed']);
    for (const { minerId, password } of old.inventory()) expect(sealed(minerId)).toBe(password);
  } finally {
    await old.close();
  }
});

it('stops when three miners let nobody in after the write', async () => {
  const all = site.inventory().map(({ minerId }) => minerId);
  const outcomes = new Map<string, RotationOutcome>();
  let asked = 0;
  const { stopped } = await rotatePasswords(new Set(all), {
    ...deps(outcomes),
    atOnce: 1,
    wayOf: () => {
      let isWritten = false;
      return {
        check: async () => (isWritten ? 'refused' : 'accepted'),
        change: async () => {
          asked++;
          isWritten = true;
          return { kind: 'done' };
        },
        newPassword: () => 'aB3aB3aB',
      };
    },
  });
  expect({ stopped, asked }).toEqual({ stopped: true, asked: 3 });
});

it('speaks to the forms of older generations', async () => {
  const asked: string[] = [];
  const answers = ['Updating Password', 'Invalid Password'];
  const peer = await webPeer(
    Object.fromEntries(
      ['curPW', 'other'].map((old) => [
        `GET /cgi-bin/passwd.cgi?current_pw=${old}&new_pw=nEw2&new_pw_ctrl=nEw2`,
        (_: string, response: { end: (text: string) => void }) => {
          asked.push(old);
          response.end(`<html>${old === 'curPW' ? answers[0] : answers[1]}</html>`);
        },
      ]),
    ),
  );
  const way = antminerLogin({
    ioOf: () =>
      minerIo(
        {
          minerId: 'm',
          host: '127.0.0.1',
          rpcPort: 1,
          httpPort: peer.port,
          username: 'root',
          password: 'root',
        },
        limits,
        new Semaphore(4),
      ),
    nowMs: () => atMs,
    model: 'Antminer S17 Pro',
  });
  expect(await way.change?.({ username: 'root', password: 'curPW' }, 'nEw2')).toEqual({ kind: 'done' });
  expect(await way.change?.({ username: 'root', password: 'other' }, 'nEw2')).toMatchObject({
    kind: 'refused',
  });
  expect(asked).toEqual(['curPW', 'other']);
  await peer.close();
});
