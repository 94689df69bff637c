import { describe, expect, it } from 'vitest';
import { toColumns } from '../../contracts/telemetry-columns.ts';
import { applyColumns } from './apply-columns.ts';
import { closedWindows, silence, silentShards } from './find-silence.ts';
import type { LiveHead } from './live-repository.ts';
import { emptyState } from './live-state.ts';
import { healthy, minerIds, s19 } from './test-batches.ts';
import { windowMs } from './windows.ts';

const nowMs = Date.parse('2026-11-21T12:00:00.000Z');
const head = (more: Partial<LiveHead> = {}): LiveHead => ({
  site_id: 1,
  gateway_id: 'gw-1',
  shard: 0,
  version: 3,
  newest_ms: nowMs - 40_000,
  received_at_ms: nowMs - 40_000,
  interval_ms: 2_000,
  highest: 7,
  live: { key: 'live/x', bytes: 1 },
  ...more,
});
const at = (agoMs: number) => ({ newest_ms: nowMs - agoMs, received_at_ms: nowMs - agoMs });

describe('silence', () => {
  it('begins when three sweeps have not come, in the pace of the gateway', () => {
    expect(silentShards([head(at(29_000))], nowMs)).toEqual([]);
    expect(silentShards([head(at(31_000))], nowMs)).toHaveLength(1);
    expect(silentShards([head({ ...at(120_000), interval_ms: 60_000 })], nowMs)).toEqual([]);
    expect(silentShards([head({ ...at(190_000), interval_ms: 60_000 })], nowMs)).toHaveLength(1);
  });

  it('is the gateway’s: one shard that reports speaks for all, and one is reported once', () => {
    expect(silentShards([head(at(90_000)), head({ shard: 1, ...at(1_000) })], nowMs)).toEqual([]);
    expect(
      silentShards([head({ silent: true }), head({ shard: 1 })], nowMs).map(({ shard }) => shard),
    ).toEqual([1]);
  });

  it('does not fall on who replays history', () => {
    expect(silentShards([head({ newest_ms: nowMs - 400 * 86_400_000 })], nowMs)).toEqual([]);
  });

  it('puts every miner out of sight, and each is back with the next batch', () => {
    const ids = minerIds(4);
    const { live } = applyColumns(
      emptyState({ siteId: 1, gatewayId: 'gw-1', shard: 0 }),
      toColumns(ids.map((id) => healthy(id, nowMs - 60_000))),
      nowMs - 60_000,
      () => s19,
    );
    const silent = silence(live, () => s19, nowMs);
    expect(silent.detected).toMatchObject({ gatewaySilent: true, recoveries: [] });
    expect(silent.detected.anomalies.map(({ minerId, kind }) => [minerId, kind])).toEqual(
      ids.map((id) => [id, 'offline']),
    );
    const back = applyColumns(
      silent.live,
      toColumns(ids.map((id) => healthy(id, nowMs + 5_000))),
      nowMs + 5_000,
      () => s19,
    );
    expect(back.live.silent).toBe(false);
    expect(back.recoveries.map(({ minerId, kind }) => [minerId, kind])).toEqual(
      ids.map((id) => [id, 'offline']),
    );
  });

  it('leaves no window open', () => {
    const window = nowMs - windowMs;
    expect(closedWindows([head({ newest_ms: window + 1 })], nowMs + 30_000)).toMatchObject([
      { windowStartMs: window },
    ]);
    expect(closedWindows([head({ newest_ms: window + 1, closed_ms: window })], nowMs + 30_000)).toEqual([]);
    expect(closedWindows([head({ newest_ms: nowMs })], nowMs + 30_000)).toEqual([]);
  });
});
