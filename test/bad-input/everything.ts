import * as z from 'zod';
import { auditEventList } from '../../contracts/api-audit.ts';
import type { Stage } from '../support/bad-input-stage.ts';
import type { Person } from '../support/running-cloud.ts';

/**
 * What people can change, as the API shows it: nothing in here may differ after a refused request. The system's own
 * doings (telemetry, alerts, loops) go on meanwhile and are left out.
 */
export const peoplesState = async ({ cloud: { call }, ids, otherSiteId, rival }: Stage) => {
  const read = async (who: Person, path: string) => {
    const { status, body } = await call(who, 'GET', path);
    if (status !== 200) throw new Error(`${path} answered ${status}`);
    return body;
  };
  const ofSite = async (who: Person, siteId: number) => {
    const below = (what: string) => read(who, `/api/v1/sites/${siteId}/${what}`);
    const audit = auditEventList.safeParse(
      (await call(who, 'GET', `/api/v1/audit/events?site_id=${siteId}&limit=200`)).body,
    );
    const recommendations = z
      .object({
        recommendations: z.array(z.object({ id: z.string(), created_by: z.string(), approval: z.json() })),
      })
      .parse(await read(who, `/api/v1/ai/recommendations?site_id=${siteId}`));
    return {
      zones: await below('zones'),
      gateways: await below('gateways'),
      miners: await below('miners'),
      rules: await read(who, `/api/v1/ai/auto/rules?site_id=${siteId}`),
      commands: await read(who, `/api/v1/commands?site_id=${siteId}`),
      stats: z
        .object({ approved_count: z.int(), rejected_count: z.int() })
        .parse(await read(who, `/api/v1/ai/learning/stats?site_id=${siteId}`)),
      recommendations: recommendations.recommendations.filter(({ created_by }) =>
        created_by.startsWith('user:'),
      ),
      doneByPeople: audit.data?.events
        .filter(({ actor_type }) => actor_type === 'user')
        .map(({ event_id }) => event_id),
    };
  };
  return {
    sites: await read('owner', '/api/v1/sites'),
    rivalSites: await read('rival', '/api/v1/sites'),
    pending: await read('owner', `/api/v1/ai/recommendations/${ids.recommendationId}`),
    own: await ofSite('owner', ids.siteId),
    other: await ofSite('owner', otherSiteId),
    rival: await ofSite('rival', rival.siteId),
  };
};
