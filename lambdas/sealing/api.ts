import { restoreAnswer, restoreRequest, sealingPath, sealingView } from '../../contracts/api-sealing.ts';
import type { RouteTable } from '../../contracts/route.ts';

const administer = { module: 'hosting', level: 'full', rank: 'admin' } as const;

export const sealingRoutes = {
  getGatewaySealing: {
    method: 'GET',
    path: '/api/v1/sites/{site_id}/gateways/{gateway_id}/sealing',
    summary: {
      en: 'How a gateway seals its secrets, and what of it is kept',
      zh: '网关的密封设置与已保存的密封备份',
    },
    access: administer,
    params: sealingPath,
    success: { status: 200, body: sealingView },
  },
  restoreInventory: {
    method: 'POST',
    path: '/api/v1/sites/{site_id}/gateways/{gateway_id}/inventory-restore',
    summary: {
      en: 'Send a replaced gateway its sealed inventory, which it alone can open',
      zh: '向更换后的网关发送仅其可解封的设备清单',
    },
    access: administer,
    params: sealingPath,
    body: restoreRequest,
    success: { status: 202, body: restoreAnswer },
  },
} as const satisfies RouteTable;
