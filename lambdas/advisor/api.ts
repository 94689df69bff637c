import * as api from '../../contracts/api-advisor.ts';
import type { RouteTable } from '../../contracts/route.ts';

const read = { module: 'ai', level: 'read' } as const;
const write = { module: 'ai', level: 'full' } as const;
const operator = { module: 'ai', level: 'full', rank: 'operator' } as const;
/** Decisions are for people: no API key approves, nor makes the rules by which something is approved. */
const decider = { ...operator, person: true } as const;
const admin = { module: 'ai', level: 'full', rank: 'admin', person: true } as const;
const one = '/api/v1/ai/recommendations/{recommendation_id}';
const auto = '/api/v1/ai/auto/recommendations/{recommendation_id}';

const approve = {
  method: 'POST',
  summary: { en: 'Approve a pending recommendation', zh: '批准待处理的建议' },
  access: decider,
  params: api.recommendationParams,
  body: api.approveBody,
  success: { status: 200, body: api.recommendationAnswer },
} as const;
const reject = {
  method: 'POST',
  summary: { en: 'Reject a pending recommendation', zh: '拒绝待处理的建议' },
  access: decider,
  params: api.recommendationParams,
  body: api.rejectBody,
  success: { status: 200, body: api.recommendationAnswer },
} as const;
const execute = {
  method: 'POST',
  summary: { en: 'Execute an approved recommendation', zh: '执行已批准的建议' },
  access: operator,
  params: api.recommendationParams,
  success: { status: 200, body: api.executionAnswer },
} as const;

/** The advisor over HTTP: `001` §3, §4.1, §4.2, §5.1 to §5.10, and the loops' timeline. */
export const advisorRoutes = {
  listRecommendations: {
    method: 'GET',
    path: '/api/v1/ai/recommendations',
    summary: { en: 'List recommendations', zh: '获取建议列表' },
    access: read,
    query: api.listRecommendationsQuery,
    success: { status: 200, body: api.recommendationList },
  },
  createRecommendation: {
    method: 'POST',
    path: '/api/v1/ai/recommendations',
    summary: { en: 'Create a recommendation', zh: '创建建议' },
    access: write,
    body: api.createRecommendationBody,
    success: { status: 201, body: api.recommendationAnswer },
  },
  getRecommendation: {
    method: 'GET',
    path: one,
    summary: { en: 'One recommendation with its feedback', zh: '获取建议详情' },
    access: read,
    params: api.recommendationParams,
    success: { status: 200, body: api.recommendationDetail },
  },
  approveRecommendation: { ...approve, path: `${one}/approve` },
  rejectRecommendation: { ...reject, path: `${one}/reject` },
  executeRecommendation: { ...execute, path: `${one}/execute` },
  giveFeedback: {
    method: 'POST',
    path: `${one}/feedback`,
    summary: { en: 'Give feedback on a recommendation', zh: '提交反馈' },
    access: write,
    params: api.recommendationParams,
    body: api.feedbackBody,
    success: { status: 200, body: api.feedbackAnswer },
  },
  getLearningStats: {
    method: 'GET',
    path: '/api/v1/ai/learning/stats',
    summary: { en: 'What was learned on a site', zh: '获取学习统计' },
    access: read,
    query: api.siteQuery,
    success: { status: 200, body: api.learningStats },
  },
  diagnoseAlert: {
    method: 'POST',
    path: '/api/v1/ai/diagnose/alert',
    summary: { en: "Diagnose one miner's alert", zh: '诊断单个告警' },
    access: read,
    body: api.diagnoseAlertBody,
    success: { status: 200, body: api.diagnosisAnswer },
  },
  diagnoseBatch: {
    method: 'POST',
    path: '/api/v1/ai/diagnose/batch',
    summary: { en: 'Diagnose several miners', zh: '批量诊断' },
    access: read,
    body: api.diagnoseBatchBody,
    success: { status: 200, body: api.diagnosesAnswer },
  },
  assessRisk: {
    method: 'POST',
    path: '/api/v1/ai/auto/assess-risk',
    summary: { en: 'Assess the risk of an action', zh: '风险评估' },
    access: read,
    body: api.assessRiskBody,
    success: { status: 200, body: api.riskAnswer },
  },
  listAutoRecommendations: {
    method: 'GET',
    path: '/api/v1/ai/auto/recommendations',
    summary: { en: 'List recommendations that wait for approval', zh: '获取待审批建议' },
    access: read,
    query: api.listAutoRecommendationsQuery,
    success: { status: 200, body: api.autoRecommendationList },
  },
  approveAutoRecommendation: { ...approve, path: `${auto}/approve` },
  rejectAutoRecommendation: { ...reject, path: `${auto}/reject` },
  executeAutoRecommendation: { ...execute, path: `${auto}/execute` },
  listRules: {
    method: 'GET',
    path: '/api/v1/ai/auto/rules',
    summary: { en: 'List the auto-approve rules of a site', zh: '获取自动审批规则' },
    access: read,
    query: api.siteQuery,
    success: { status: 200, body: api.ruleList },
  },
  createRule: {
    method: 'POST',
    path: '/api/v1/ai/auto/rules',
    summary: { en: 'Create an auto-approve rule', zh: '创建自动审批规则' },
    access: admin,
    body: api.createRuleBody,
    success: { status: 200, body: api.ruleAnswer },
  },
  updateRule: {
    method: 'PUT',
    path: '/api/v1/ai/auto/rules/{rule_id}',
    summary: { en: 'Change an auto-approve rule', zh: '更新自动审批规则' },
    access: admin,
    params: api.ruleParams,
    body: api.updateRuleBody,
    success: { status: 200, body: api.ruleAnswer },
  },
  deactivateRule: {
    method: 'DELETE',
    path: '/api/v1/ai/auto/rules/{rule_id}',
    summary: { en: 'Deactivate an auto-approve rule', zh: '停用自动审批规则' },
    access: admin,
    params: api.ruleParams,
    success: { status: 200, body: api.ruleDeactivated },
  },
  executeApproved: {
    method: 'POST',
    path: '/api/v1/ai/auto/execute-approved',
    summary: { en: 'Execute everything that rules have approved', zh: '执行自动审批批次' },
    access: operator,
    body: api.executeApprovedBody,
    success: { status: 200, body: api.executeApprovedAnswer },
  },
  listLoops: {
    method: 'GET',
    path: '/api/v1/ai/loops',
    summary: { en: 'The timelines of the closed loops of a site', zh: '闭环时间线' },
    access: read,
    query: api.listLoopsQuery,
    success: { status: 200, body: api.loopList },
  },
} as const satisfies RouteTable;
