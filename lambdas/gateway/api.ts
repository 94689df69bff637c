import {
  claimAnswer,
  claimPath,
  claimsAnswer,
  claimView,
  gatewayAnswer,
  gatewayPath,
  gatewaySite,
  gatewaysAnswer,
  gatewayView,
  newClaim,
  newGateway,
  rebindRequest,
  revokeRequest,
} from '../../contracts/api-gateways.ts';
import type { RouteTable } from '../../contracts/route.ts';

/** Not for those whose machines are hosted. */
const read = { module: 'hosting', level: 'read', rank: 'operator' } as const;
const manage = { module: 'hosting', level: 'full', rank: 'manager' } as const;
const administer = { module: 'hosting', level: 'full', rank: 'admin' } as const;

export const gatewayRoutes = {
  listGateways: {
    method: 'GET',
    path: '/api/v1/sites/{site_id}/gateways',
    summary: { en: 'Gateways of a site', zh: '站点网关' },
    access: read,
    params: gatewaySite,
    success: { status: 200, body: gatewaysAnswer },
  },
  registerGateway: {
    method: 'POST',
    path: '/api/v1/sites/{site_id}/gateways',
    summary: {
      en: 'Register a gateway by hand; its keys are shown once',
      zh: '手动注册网关；密钥仅显示一次',
    },
    access: administer,
    params: gatewaySite,
    body: newGateway,
    success: { status: 201, body: gatewayAnswer },
  },
  getGateway: {
    method: 'GET',
    path: '/api/v1/sites/{site_id}/gateways/{gateway_id}',
    summary: { en: 'One gateway', zh: '网关详情' },
    access: read,
    params: gatewayPath,
    success: { status: 200, body: gatewayView },
  },
  requestRotation: {
    method: 'POST',
    path: '/api/v1/sites/{site_id}/gateways/{gateway_id}/rotate',
    summary: {
      en: 'Have a gateway replace its certificate, secret and token at its next contact',
      zh: '令网关在下次联系时更换证书、密钥与令牌',
    },
    access: manage,
    params: gatewayPath,
    success: { status: 202, body: gatewayView },
  },
  bindGateway: {
    method: 'PUT',
    path: '/api/v1/sites/{site_id}/gateways/{gateway_id}/zones',
    summary: { en: 'Say which zones a gateway may serve', zh: '设定网关可服务的分区' },
    access: manage,
    params: gatewayPath,
    body: rebindRequest,
    success: { status: 200, body: gatewayView },
  },
  revokeGateway: {
    method: 'POST',
    path: '/api/v1/sites/{site_id}/gateways/{gateway_id}/revoke',
    summary: {
      en: 'Shut a gateway out: its certificate, secret and token end at once',
      zh: '吊销网关：其证书、密钥与令牌立即失效',
    },
    access: manage,
    params: gatewayPath,
    body: revokeRequest,
    success: { status: 200, body: gatewayView },
  },
  listClaims: {
    method: 'GET',
    path: '/api/v1/sites/{site_id}/gateway-claims',
    summary: { en: 'Claims by which gateways may register', zh: '网关注册凭条' },
    access: manage,
    params: gatewaySite,
    success: { status: 200, body: claimsAnswer },
  },
  createClaim: {
    method: 'POST',
    path: '/api/v1/sites/{site_id}/gateway-claims',
    summary: {
      en: 'Make a claim by which one gateway may register once; its code is shown once',
      zh: '创建一次性网关注册凭条；其代码仅显示一次',
    },
    access: administer,
    params: gatewaySite,
    body: newClaim,
    success: { status: 201, body: claimAnswer },
  },
  withdrawClaim: {
    method: 'DELETE',
    path: '/api/v1/sites/{site_id}/gateway-claims/{claim_id}',
    summary: { en: 'Withdraw a claim that nobody has used', zh: '撤回未使用的凭条' },
    access: administer,
    params: claimPath,
    success: { status: 200, body: claimView },
  },
} as const satisfies RouteTable;
