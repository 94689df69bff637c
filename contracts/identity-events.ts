import * as z from 'zod';
import { duties, roles, scopes } from './access.ts';
import { customerId, siteId, userId } from './identifiers.ts';

const ofUser = { user_id: userId };
const reason = z.string();
const access = {
  role: z.enum(roles),
  duty: z.enum(duties).optional(),
  site_ids: z.union([z.literal('all'), z.array(siteId)]),
  customer_ids: z.array(customerId).optional(),
};
const sessionId = z.string();
const keyId = z.string();

/** Payloads of the events about people: part of the catalogue. They name users by number; names and addresses stay out. */
export const identityEventPayloads = {
  'identity.user.signed_in': z.object({ ...ofUser, session_id: sessionId.optional() }),
  'identity.user.signed_out': z.object({ ...ofUser, session_id: sessionId.optional() }),
  /** All sessions at once. */
  'identity.user.sessions_ended': z.object({ ...ofUser, reason: reason.optional() }),
  'identity.user.invited': z.object({ ...ofUser, ...access, reason }),
  'identity.user.invitation_resent': z.object(ofUser),
  /** The first sign-in: of who was invited, or of an account that the identity provider's administrator made. */
  'identity.user.joined': z.object({ ...ofUser, ...access, by: z.enum(['invitation', 'claims']) }),
  'identity.user.changed': z.object({ ...ofUser, ...access, is_renamed: z.boolean(), reason }),
  'identity.user.disabled': z.object({ ...ofUser, reason }),
  'identity.user.enabled': z.object({ ...ofUser, reason }),
  'identity.user.removed': z.object({ ...ofUser, reason }),
  /** One session, by its person. */
  'identity.session.ended': z.object({ ...ofUser, session_id: sessionId }),
  'identity.session.stepped_up': z.object({
    ...ofUser,
    session_id: sessionId,
    by: z.enum(['code', 'recovery_code']),
    recovery_codes_left: z.int().optional(),
  }),
  'identity.second_factor.enrolled': z.object(ofUser),
  'identity.second_factor.removed': z.object({ ...ofUser, reason: reason.optional() }),
  'identity.api_key.created': z.object({
    ...ofUser,
    key_id: keyId,
    scopes: z.array(z.enum(scopes)),
    expires_at: z.string(),
  }),
  'identity.api_key.revoked': z.object({ ...ofUser, key_id: keyId, reason: reason.optional() }),
} as const;
