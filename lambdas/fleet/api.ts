import {
  gatewayAnswer,
  gatewaysAnswer,
  minersAnswer,
  newGateway,
  newMiners,
  newSite,
  newZone,
  pageQuery,
  siteAnswer,
  sitePath,
  sitesAnswer,
  zoneAnswer,
  zonesAnswer,
} from '../../contracts/api-fleet.ts';
import type { RouteTable } from '../../contracts/route.ts';

const read = { module: 'hosting', level: 'read' } as const;
const manage = { module: 'hosting', level: 'full', rank: 'manager' } as const;
const administer = { module: 'hosting', level: 'full', rank: 'admin' } as const;

export const fleetRoutes = {
  listSites: {
    method: 'GET',
    path: '/api/v1/sites',
    summary: { en: 'Sites that you reach', zh: '可访问的站点' },
    access: read,
    success: { status: 200, body: sitesAnswer },
  },
  createSite: {
    method: 'POST',
    path: '/api/v1/sites',
    summary: { en: 'Add a site', zh: '新增站点' },
    access: administer,
    body: newSite,
    success: { status: 201, body: siteAnswer },
  },
  getSite: {
    method: 'GET',
    path: '/api/v1/sites/{site_id}',
    summary: { en: 'One site', zh: '站点详情' },
    access: read,
    params: sitePath,
    success: { status: 200, body: siteAnswer },
  },
  listZones: {
    method: 'GET',
    path: '/api/v1/sites/{site_id}/zones',
    summary: { en: 'Zones of a site', zh: '站点分区' },
    access: read,
    params: sitePath,
    success: { status: 200, body: zonesAnswer },
  },
  createZone: {
    method: 'POST',
    path: '/api/v1/sites/{site_id}/zones',
    summary: { en: 'Add a zone', zh: '新增分区' },
    access: manage,
    params: sitePath,
    body: newZone,
    success: { status: 201, body: zoneAnswer },
  },
  listGateways: {
    method: 'GET',
    path: '/api/v1/sites/{site_id}/gateways',
    summary: { en: 'Gateways of a site', zh: '站点网关' },
    access: read,
    params: sitePath,
    success: { status: 200, body: gatewaysAnswer },
  },
  registerGateway: {
    method: 'POST',
    path: '/api/v1/sites/{site_id}/gateways',
    summary: { en: 'Register a gateway; its keys are shown once', zh: '注册网关；密钥仅显示一次' },
    access: administer,
    params: sitePath,
    body: newGateway,
    success: { status: 201, body: gatewayAnswer },
  },
  listMiners: {
    method: 'GET',
    path: '/api/v1/sites/{site_id}/miners',
    summary: { en: 'Miners of a site', zh: '站点矿机' },
    access: read,
    params: sitePath,
    query: pageQuery,
    success: { status: 200, body: minersAnswer },
  },
  registerMiners: {
    method: 'POST',
    path: '/api/v1/sites/{site_id}/miners',
    summary: {
      en: 'Add miners, up to 80 at once, all or none',
      zh: '新增矿机，一次最多 80 台，全部成功或全部失败',
    },
    access: manage,
    params: sitePath,
    body: newMiners,
    success: { status: 201, body: minersAnswer },
  },
} as const satisfies RouteTable;
