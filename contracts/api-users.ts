import * as z from 'zod';
import { duties, ranks, roles, scopes } from './access.ts';
import { customerId, siteId, userId, utcTime } from './identifiers.ts';
import { pageCursor } from './page-cursor.ts';

const siteIds = z.union([z.literal('all'), z.array(siteId).min(1).max(500)]);
const customerIds = z.array(customerId).min(1).max(100);
const role = z.enum(roles).exclude(['guest']);
const reason = z.string().trim().min(1).max(500);
const name = z.string().trim().min(1).max(120);

export const userParams = z.strictObject({
  user_id: z
    .string()
    .regex(/^[1-9][0-9]{0,8}$/, 'must be a positive integer')
    .transform(Number),
});
const sessionId = z.string().regex(/^[0-9a-f]{24}$/, 'must be a session id');
export const sessionParams = z.strictObject({ session_id: sessionId });
const keyId = z.string().regex(/^[0-9a-z]{16}$/, 'must be an API key id');
export const keyParams = z.strictObject({ key_id: keyId });
export const userKeyParams = z.strictObject({ ...userParams.shape, ...keyParams.shape });

export const userView = z.strictObject({
  user_id: userId,
  name: z.string(),
  email: z.string().optional(),
  role,
  duty: z.enum(duties).optional(),
  rank: z.enum(ranks),
  site_ids: z.union([z.literal('all'), z.array(siteId)]),
  customer_ids: z.array(customerId).optional(),
  status: z.enum(['invited', 'active', 'disabled', 'removed']),
  second_factor: z.boolean(),
  created_at: utcTime,
  last_signed_in_at: utcTime.optional(),
});
export type UserView = z.infer<typeof userView>;
export const userAnswer = z.strictObject({ user: userView });

export const listUsersQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: pageCursor(z.string().regex(/^[0-9]{10}$/)),
});
export const userList = z.strictObject({
  users: z.array(userView),
  count: z.int().nonnegative(),
  next_cursor: z.string().optional(),
});

type Rights = {
  readonly role?: z.infer<typeof role> | undefined;
  readonly duty?: string | undefined;
  readonly customer_ids?: readonly string[] | undefined;
};
/** A duty belongs to a site owner, customers to a client or customer. */
const rightsFit = ({ role: of, duty, customer_ids }: Rights, context: z.RefinementCtx) => {
  if (duty !== undefined && of !== undefined && of !== 'mining_site_owner')
    context.addIssue({ code: 'custom', path: ['duty'], message: 'belongs to the role mining_site_owner' });
  if (customer_ids !== undefined && of !== undefined && of !== 'client' && of !== 'customer')
    context.addIssue({ code: 'custom', path: ['customer_ids'], message: 'belongs to a client or customer' });
};

/** `POST /api/v1/users`: the address gets an invitation, and the account these rights at its first sign-in. */
export const inviteBody = z
  .strictObject({
    email: z.email().max(254),
    name,
    role,
    duty: z.enum(duties).optional(),
    site_ids: siteIds,
    customer_ids: customerIds.optional(),
    reason,
  })
  .superRefine(rightsFit);

/** `PATCH /api/v1/users/{user_id}`: what is left out stays; a new role begins without duty and customers. */
export const changeUserBody = z
  .strictObject({
    name: name.optional(),
    role: role.optional(),
    duty: z.enum(duties).optional(),
    site_ids: siteIds.optional(),
    customer_ids: customerIds.optional(),
    reason,
  })
  .superRefine(rightsFit);

/** Why somebody's account is disabled, enabled, removed, or its sessions, keys or second factor taken away. */
export const reasonBody = z.strictObject({ reason });
export const done = z.strictObject({ success: z.literal(true) });

/** `GET /api/v1/users/me`. */
export const meAnswer = z.strictObject({
  user: userView,
  /** What the account may do in this session or with this API key: one entry per module where it may do anything. */
  access: z.array(z.strictObject({ module: z.string(), level: z.enum(['read', 'full']) })),
  /** Until when no further proof is asked for; absent where one is needed now. */
  stepped_up_until: utcTime.optional(),
});

export const sessionView = z.strictObject({
  session_id: sessionId,
  signed_in_at: utcTime,
  expires_at: utcTime,
  /** The browser, as it called itself at sign-in. */
  browser: z.string(),
  current: z.boolean(),
});
export type SessionView = z.infer<typeof sessionView>;
export const sessionList = z.strictObject({ sessions: z.array(sessionView), count: z.int().nonnegative() });

/** `POST /api/v1/users/me/second-factor`: to be shown once, as a QR code or text, and confirmed with a first code. */
export const enrolment = z.strictObject({
  secret: z.string(),
  otpauth_uri: z.string(),
});
const code = z.string().regex(/^[0-9]{6}$/, 'must be six digits');
export const confirmBody = z.strictObject({ code });
/** Shown once; each opens the account one time in place of a code. */
export const recoveryCodes = z.strictObject({ recovery_codes: z.array(z.string()) });

/** `POST /api/v1/users/me/step-up`: a code, or one of the recovery codes. */
export const stepUpBody = z.union([
  z.strictObject({ code }),
  z.strictObject({ recovery_code: z.string().trim().min(16).max(40) }),
]);
export const stepUpAnswer = z.strictObject({ stepped_up_until: utcTime });

export const apiKeyView = z.strictObject({
  key_id: keyId,
  name: z.string(),
  scopes: z.array(z.enum(scopes)),
  site_ids: z.array(siteId).optional(),
  created_at: utcTime,
  expires_at: utcTime,
  last_used_at: utcTime.optional(),
  status: z.enum(['active', 'expired', 'revoked']),
});
export type ApiKeyView = z.infer<typeof apiKeyView>;
export const apiKeyList = z.strictObject({ api_keys: z.array(apiKeyView), count: z.int().nonnegative() });
export const newApiKeyBody = z.strictObject({
  name,
  scopes: z.array(z.enum(scopes)).min(1).max(scopes.length),
  /** Fewer sites than its owner's, if given. */
  site_ids: z.array(siteId).min(1).max(500).optional(),
  expires_in_days: z.int().min(1).max(365),
});
/** `api_key` is shown here and never again: `hi_<id>_<secret>`. */
export const newApiKeyAnswer = z.strictObject({ api_key: z.string(), key: apiKeyView });
