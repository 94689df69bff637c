import { callbackQuery, loginQuery, sessionAnswer, signedOut } from '../../contracts/api-identity.ts';
import type { RouteTable } from '../../contracts/route.ts';

const own = { module: 'basic', level: 'read', person: true, beforeSecondFactor: true } as const;

export const identityRoutes = {
  login: {
    method: 'GET',
    path: '/auth/login',
    summary: { en: 'Begin signing in at the identity provider', zh: '前往身份提供方登录' },
    access: 'public',
    query: loginQuery,
    success: { status: 302 },
  },
  callback: {
    method: 'GET',
    path: '/auth/callback',
    summary: { en: 'Return from the identity provider', zh: '从身份提供方返回' },
    access: 'public',
    query: callbackQuery,
    success: { status: 302 },
  },
  logout: {
    method: 'POST',
    path: '/auth/logout',
    summary: { en: 'End the session', zh: '退出登录' },
    access: own,
    success: { status: 200, body: signedOut },
  },
  session: {
    method: 'GET',
    path: '/api/v1/session',
    summary: { en: 'Who is signed in', zh: '当前登录用户' },
    access: own,
    success: { status: 200, body: sessionAnswer },
  },
} as const satisfies RouteTable;
