import { expect, it } from 'vitest';
import { alertsAnswer } from '../../contracts/api-alerting.ts';
import { liveAnswer } from '../../contracts/api-telemetry.ts';
import { halfMiner, type Stage, sickMiner, spoilt } from '../support/bad-input-stage.ts';
import { eventually } from '../support/running-cloud.ts';

export const minerTests = (stageOf: () => Stage) => {
  const live = async () => {
    const { cloud, ids } = stageOf();
    const { columns } = liveAnswer.parse(
      (await cloud.call('owner', 'GET', `/api/v1/telemetry/live?site_id=${ids.siteId}`)).body,
    );
    return new Map(
      columns.miner_id.map((id, at) => [
        id,
        {
          state: columns.state[at],
          atMs: Date.parse(columns.sampled_at[at] ?? ''),
          ghs: columns.hashrate_ghs[at],
        },
      ]),
    );
  };
  const openAlerts = async () => {
    const { cloud, ids } = stageOf();
    return alertsAnswer.parse(
      (await cloud.call('owner', 'GET', `/api/v1/alerts?site_id=${ids.siteId}&status=open`)).body,
    ).alerts;
  };
  const openOffline = async () =>
    (await openAlerts()).filter(({ kind }) => kind === 'offline').map(({ miner_id }) => miner_id);
  const openAlertsOf = async (minerId: string) =>
    (await openAlerts()).filter(({ miner_id }) => miner_id === minerId).map(({ kind }) => kind);

  it('reports miners that answer garbage, nothing or too slowly as unreachable, uses what is whole of half an answer, and goes on with the others', async () => {
    const startMs = Date.now();
    const seen = await eventually('three unreachable miners', async () => {
      const now = await live();
      const areLost = spoilt.every(([minerId]) => now.get(minerId)?.state === 'unreachable');
      const goOn = [sickMiner, 'm-0002', halfMiner].every((id) => (now.get(id)?.atMs ?? 0) >= startMs);
      return areLost && goOn ? now : undefined;
    });
    for (const good of [sickMiner, 'm-0002', halfMiner]) expect(seen.get(good)?.state).toBe('hashing');
    const offline = await eventually(
      'their alerts, which take 45 s',
      async () => {
        const miners = await openOffline();
        return miners.length >= spoilt.length ? miners : undefined;
      },
      60_000,
    );
    expect(offline.toSorted()).toEqual(spoilt.map(([minerId]) => minerId));
    expect(await openAlertsOf(halfMiner)).toEqual([]);
  }, 90_000);

  it('takes them back when they speak sense again', async () => {
    const { cloud } = stageOf();
    for (const [minerId, kind] of spoilt) cloud.site.clear(minerId, kind);
    cloud.site.clear(halfMiner, 'half_answer');
    await eventually('three hashing miners', async () => {
      const now = await live();
      return spoilt.every(([minerId]) => now.get(minerId)?.state === 'hashing') || undefined;
    });
    await eventually('the end of their alerts', async () => (await openOffline()).length === 0 || undefined);
    expect(await cloud.queued('DeadLetters')).toBe(0);
  });
};
