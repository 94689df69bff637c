import * as api from '../../contracts/api-users.ts';
import type { RouteTable } from '../../contracts/route.ts';

const read = { module: 'user', level: 'read', rank: 'admin' } as const;
/** Accounts are changed by people, not by API keys. */
const write = { module: 'user', level: 'full', rank: 'admin', person: true } as const;
/** What gives rights, or takes a protection away, asks for a fresh proof; what only takes rights away does not. */
const prove = { ...write, stepUp: true } as const;
const own = { module: 'basic', level: 'read', person: true } as const;
const ownProven = { ...own, stepUp: true } as const;
const users = '/api/v1/users';
const one = '/api/v1/users/{user_id}';
const me = '/api/v1/users/me';

const settle = {
  method: 'POST',
  params: api.userParams,
  body: api.reasonBody,
  success: { status: 200, body: api.userAnswer },
} as const;

/** The people of a tenant, and what each person has: sessions, a second factor, API keys. */
export const usersRoutes = {
  listUsers: {
    method: 'GET',
    path: users,
    summary: { en: 'List the users', zh: '获取用户列表' },
    access: read,
    query: api.listUsersQuery,
    success: { status: 200, body: api.userList },
  },
  inviteUser: {
    method: 'POST',
    path: users,
    summary: { en: 'Invite somebody', zh: '邀请用户' },
    access: prove,
    body: api.inviteBody,
    success: { status: 201, body: api.userAnswer },
  },
  getUser: {
    method: 'GET',
    path: one,
    summary: { en: 'One user', zh: '用户详情' },
    access: read,
    params: api.userParams,
    success: { status: 200, body: api.userAnswer },
  },
  changeUser: {
    method: 'PATCH',
    path: one,
    summary: { en: "Change a user's name, role, duty or sites", zh: '修改用户的姓名、角色、职责或站点' },
    access: prove,
    params: api.userParams,
    body: api.changeUserBody,
    success: { status: 200, body: api.userAnswer },
  },
  removeUser: {
    ...settle,
    method: 'DELETE',
    path: one,
    summary: { en: 'Remove a user for good', zh: '永久移除用户' },
    access: prove,
  },
  disableUser: {
    ...settle,
    path: `${one}/disable`,
    summary: { en: 'Disable a user', zh: '停用用户' },
    access: write,
  },
  enableUser: {
    ...settle,
    path: `${one}/enable`,
    summary: { en: 'Enable a disabled user', zh: '启用已停用的用户' },
    access: prove,
  },
  resendInvitation: {
    method: 'POST',
    path: `${one}/invitation`,
    summary: { en: 'Send the invitation again', zh: '重新发送邀请' },
    access: write,
    params: api.userParams,
    success: { status: 200, body: api.userAnswer },
  },
  signOutUser: {
    ...settle,
    path: `${one}/sign-out`,
    summary: { en: 'End all sessions of a user', zh: '结束用户的所有会话' },
    access: write,
  },
  resetSecondFactor: {
    ...settle,
    method: 'DELETE',
    path: `${one}/second-factor`,
    summary: { en: 'Take away the second factor of who has lost it', zh: '为丢失者移除第二因素' },
    access: prove,
  },
  listUserApiKeys: {
    method: 'GET',
    path: `${one}/api-keys`,
    summary: { en: "A user's API keys", zh: '用户的 API 密钥' },
    access: read,
    params: api.userParams,
    success: { status: 200, body: api.apiKeyList },
  },
  revokeUserApiKey: {
    method: 'DELETE',
    path: `${one}/api-keys/{key_id}`,
    summary: { en: "Revoke a user's API key", zh: '吊销用户的 API 密钥' },
    access: write,
    params: api.userKeyParams,
    body: api.reasonBody,
    success: { status: 200, body: api.done },
  },
  getMe: {
    method: 'GET',
    path: me,
    summary: { en: 'Who asks, and what they may do', zh: '当前调用者及其权限' },
    access: { module: 'basic', level: 'read' },
    success: { status: 200, body: api.meAnswer },
  },
  listMySessions: {
    method: 'GET',
    path: `${me}/sessions`,
    summary: { en: 'My sessions', zh: '我的会话' },
    access: own,
    success: { status: 200, body: api.sessionList },
  },
  endMySession: {
    method: 'DELETE',
    path: `${me}/sessions/{session_id}`,
    summary: { en: 'End one of my sessions', zh: '结束我的某个会话' },
    access: own,
    params: api.sessionParams,
    success: { status: 200, body: api.done },
  },
  signOutEverywhere: {
    method: 'POST',
    path: `${me}/sign-out-everywhere`,
    summary: { en: 'End all my sessions', zh: '结束我的所有会话' },
    access: { ...own, beforeSecondFactor: true },
    success: { status: 200, body: api.done },
  },
  stepUp: {
    method: 'POST',
    path: `${me}/step-up`,
    summary: { en: 'Prove with the second factor that it is me', zh: '以第二因素验证身份' },
    access: { ...own, beforeSecondFactor: true },
    body: api.stepUpBody,
    success: { status: 200, body: api.stepUpAnswer },
  },
  enrolSecondFactor: {
    method: 'POST',
    path: `${me}/second-factor`,
    summary: { en: 'Begin to enrol a second factor', zh: '开始注册第二因素' },
    access: ownProven,
    success: { status: 201, body: api.enrolment },
  },
  confirmSecondFactor: {
    method: 'POST',
    path: `${me}/second-factor/confirm`,
    summary: { en: 'End the enrolment with a first code', zh: '以首个验证码完成注册' },
    access: ownProven,
    body: api.confirmBody,
    success: { status: 200, body: api.recoveryCodes },
  },
  removeSecondFactor: {
    method: 'DELETE',
    path: `${me}/second-factor`,
    summary: { en: 'Remove my second factor', zh: '移除我的第二因素' },
    access: ownProven,
    success: { status: 200, body: api.done },
  },
  listMyApiKeys: {
    method: 'GET',
    path: `${me}/api-keys`,
    summary: { en: 'My API keys', zh: '我的 API 密钥' },
    access: own,
    success: { status: 200, body: api.apiKeyList },
  },
  createApiKey: {
    method: 'POST',
    path: `${me}/api-keys`,
    summary: { en: 'Make an API key', zh: '创建 API 密钥' },
    access: ownProven,
    body: api.newApiKeyBody,
    success: { status: 201, body: api.newApiKeyAnswer },
  },
  revokeApiKey: {
    method: 'DELETE',
    path: `${me}/api-keys/{key_id}`,
    summary: { en: 'Revoke one of my API keys', zh: '吊销我的 API 密钥' },
    access: own,
    params: api.keyParams,
    success: { status: 200, body: api.done },
  },
} as const satisfies RouteTable;
