import {
  alertAnswer,
  alertPath,
  alertQuery,
  alertsAnswer,
  alertsQuery,
  incidentsAnswer,
  incidentsQuery,
} from '../../contracts/api-alerting.ts';
import type { RouteTable } from '../../contracts/route.ts';

const read = { module: 'hosting', level: 'read' } as const;

export const alertingRoutes = {
  listAlerts: {
    method: 'GET',
    path: '/api/v1/alerts',
    summary: { en: 'Alerts of a site, newest first', zh: '站点告警（最新在前）' },
    access: read,
    query: alertsQuery,
    success: { status: 200, body: alertsAnswer },
  },
  getAlert: {
    method: 'GET',
    path: '/api/v1/alerts/{alert_id}',
    summary: { en: 'One alert', zh: '告警详情' },
    access: read,
    params: alertPath,
    query: alertQuery,
    success: { status: 200, body: alertAnswer },
  },
  listIncidents: {
    method: 'GET',
    path: '/api/v1/incidents',
    summary: { en: 'Incidents of a site, newest first', zh: '站点事件（最新在前）' },
    access: read,
    query: incidentsQuery,
    success: { status: 200, body: incidentsAnswer },
  },
} as const satisfies RouteTable;
