import { describe, expect, it } from 'vitest';
import { type Operation, operations } from '../support/api-samples.ts';
import { canariesIn, canary } from './canaries.ts';
import type { Attempt } from './generate.ts';
import { judge } from './judge.ts';
import { slotsOf } from './slots.ts';
import { changesOf } from './snapshot.ts';
import type { World } from './world.ts';

const world = { sites: { demo: 1, second: 2, rival: 3 } } as World;
const operation = (id: string): Operation => {
  const found = operations.find((one) => one.id === id);
  if (!found) throw new Error(`no operation ${id}`);
  return found;
};
const attacker = { name: 'rival', headers: {}, sees: ['R'], siteId: 3 } as const;
const attempt = (id: string, path: string, chosen: (way: string) => boolean): Attempt => ({
  index: 0,
  operation: operation(id),
  attacker,
  sent: { method: 'GET', path, headers: {} },
  foreign: slotsOf(operation(id)).filter(({ way }) => chosen(way.join('.'))),
});
const faultsOf = (made: Attempt, status: number, body: unknown) =>
  judge(world, made, { status, headers: '', text: JSON.stringify(body) }).map(({ what }) => what);

describe('the judge of tenancy', () => {
  const listed = attempt('listMiners', '/api/v1/sites/3/miners?zone_id=zn-a', (way) => way === 'zone_id');

  it('sees words of somebody else, plain or packed', () => {
    const word = canary('A');
    expect(faultsOf(listed, 200, { note: word })).toHaveLength(1);
    const cursor = Buffer.from(`x ${word} y`).toString('base64url');
    expect(faultsOf(listed, 200, { next_cursor: cursor })).toHaveLength(1);
    expect(faultsOf(listed, 200, { note: canary('R') })).toEqual([]);
    expect(canariesIn(word.toUpperCase())).toEqual(new Set([word.toLowerCase()]));
  });

  it('lets an answer repeat what it was asked', () => {
    const word = canary('A');
    const asked = { ...listed, sent: { ...listed.sent, path: `/api/v1/sites/3/miners?search=${word}` } };
    expect(faultsOf(asked, 400, { error: `${word} is none` })).toEqual([]);
  });

  it('sees the numbers of other sites, successes with what is not there, and failures', () => {
    expect(faultsOf(listed, 200, { site: { site_id: 1 } })).toHaveLength(1);
    expect(faultsOf(listed, 200, { site: { site_id: 3 } })).toEqual([]);
    expect(faultsOf(listed, 500, {})).toHaveLength(1);
    expect(faultsOf(listed, 418, {})).toHaveLength(1);
    const decided = attempt('getSite', '/api/v1/sites/1', (way) => way === 'site_id');
    expect(faultsOf(decided, 200, {})).toHaveLength(1);
    expect(faultsOf(decided, 404, {})).toEqual([]);
  });

  it('sees what changed of others, and not what changed of oneself', () => {
    const before = new Map([
      ['fleet a', '{"pk":{"S":"SITE#1"},"n":1}'],
      ['fleet b', '{"pk":{"S":"SITE#3"},"n":1}'],
      ['fleet c', `{"pk":{"S":"X"},"n":"${canary('B')}"}`],
    ]);
    const after = new Map([...before].map(([name, text]) => [name, text.replace('"n"', '"m"')]));
    expect(changesOf(world, ['O', 'B'], before, after)).toHaveLength(2);
    expect(changesOf(world, ['R'], before, after)).toHaveLength(1);
    expect(changesOf(world, ['O', 'B', 'R'], before, before)).toEqual([]);
    expect(changesOf(world, ['R'], before, new Map())).toHaveLength(1);
  });

  it('knows every place of every route where a thing is named', () => {
    const ways = (id: string) =>
      slotsOf(operation(id))
        .filter(({ where }) => where !== 'extra' && where !== 'header')
        .map(({ where, way }) => `${where} ${way.join('.')}`);
    expect(ways('changeMiners')).toEqual(
      expect.arrayContaining([
        'path site_id',
        'body selection.miner_ids',
        'body selection.zone_ids',
        'body selection.customer_ids',
        'body change.zone_id',
        'body change.gateway_id',
      ]),
    );
    expect(ways('registerMiners')).toEqual(
      expect.arrayContaining(['body miners.[].zone_id', 'body miners.[].customer_id']),
    );
    expect(ways('listMiners')).toEqual(
      expect.arrayContaining(['query cursor', 'query search', 'query zone_id']),
    );
    for (const one of operations)
      for (const [, name] of one.path.matchAll(/\{(\w+)\}/g)) expect(ways(one.id)).toContain(`path ${name}`);
  });
});
