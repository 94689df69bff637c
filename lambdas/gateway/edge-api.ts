import {
  acceptedAnswer,
  ackAnswer,
  ackPath,
  ackRequest,
  credentialsStatus,
  goneRequest,
  pollAnswer,
  pollQuery,
  receiptAnswer,
  registerAnswer,
  registerRequest,
  rotateAnswer,
  rotateRequest,
  safetyBatch,
  telemetryMediaTypes,
} from '../../contracts/api-edge.ts';
import type { RouteTable } from '../../contracts/route.ts';

/** What gives gateways their credentials: a function of its own, which alone may make certificates and seal secrets. */
export const credentialRoutes = {
  registerByClaim: {
    method: 'POST',
    path: '/api/edge/v1/register',
    summary: {
      en: 'Register a gateway by a one-time claim; its credentials are shown once',
      zh: '凭一次性凭条注册网关；凭据仅显示一次',
    },
    access: 'public',
    body: registerRequest,
    success: { status: 201, body: registerAnswer },
  },
  checkCredentials: {
    method: 'GET',
    path: '/api/edge/v1/credentials',
    summary: { en: 'What the bearer’s credentials are worth', zh: '查询自身凭据状态' },
    access: 'device',
    success: { status: 200, body: credentialsStatus },
  },
  rotateCredentials: {
    method: 'POST',
    path: '/api/edge/v1/credentials',
    summary: {
      en: 'Get the next certificate, secret and token; the old ones stay valid until these are used',
      zh: '领取新的证书、密钥与令牌；旧凭据在新凭据启用前继续有效',
    },
    access: 'device',
    body: rotateRequest,
    success: { status: 201, body: rotateAnswer },
  },
} as const satisfies RouteTable;

/** The gateway's second path for what goes over MQTT. */
export const edgeRoutes = {
  pollCommands: {
    method: 'GET',
    path: '/api/edge/v1/commands/poll',
    summary: {
      en: 'Commands for this gateway; waits up to 20 s for one',
      zh: '轮询本网关的命令；最长等待 20 秒',
    },
    access: 'device',
    query: pollQuery,
    success: { status: 200, body: pollAnswer },
  },
  acknowledgeCommand: {
    method: 'POST',
    path: '/api/edge/v1/commands/{command_id}/ack',
    summary: { en: 'Answer a command', zh: '确认命令' },
    access: 'device',
    params: ackPath,
    body: ackRequest,
    success: { status: 200, body: ackAnswer },
  },
  ingestTelemetry: {
    method: 'POST',
    path: '/api/edge/v1/telemetry/ingest',
    summary: { en: 'Send a packed batch of telemetry', zh: '上报遥测数据批次' },
    access: 'device',
    upload: telemetryMediaTypes,
    success: { status: 202, body: acceptedAnswer },
  },
  readReceipt: {
    method: 'GET',
    path: '/api/edge/v1/telemetry/receipt',
    summary: {
      en: 'What of this gateway’s telemetry is durable and what is missing',
      zh: '本网关遥测数据的已落盘范围与缺口',
    },
    access: 'device',
    success: { status: 200, body: receiptAnswer },
  },
  reportGone: {
    method: 'POST',
    path: '/api/edge/v1/telemetry/gone',
    summary: { en: 'Say which batches this gateway no longer has', zh: '报告已无法补发的遥测批次' },
    access: 'device',
    body: goneRequest,
    success: { status: 202, body: acceptedAnswer },
  },
  reportSafety: {
    method: 'POST',
    path: '/api/edge/v1/events/safety/batch',
    summary: { en: 'Report safety events, up to 100 at once', zh: '批量上报安全事件，一次最多 100 条' },
    access: 'device',
    body: safetyBatch,
    success: { status: 202, body: acceptedAnswer },
  },
} as const satisfies RouteTable;
