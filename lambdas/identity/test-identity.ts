import { startTables } from '../../test/support/tables.ts';
import type { Identity } from './identity-provider.ts';

/** The identity and audit tables over the local DynamoDB, and a clock that the test sets. */
export const startIdentityTables = async () => {
  const tables = await startTables([{ name: 'identity' }, { name: 'audit' }]);
  // Near the present, or the tables' time to live takes the items.
  const time = { nowMs: Date.now() };
  const clock = { nowMs: () => time.nowMs };
  const store = {
    db: tables.db,
    identityTable: tables.nameOf('identity'),
    auditTable: tables.nameOf('audit'),
    clock,
  };
  return { store, time, clock, close: tables.close };
};

/** The founder of a tenant, as the provider's administrator made the account. */
export const founder = (userId: number, tenantId: string): Identity => ({
  subject: `${tenantId}-${userId}`,
  name: `Founder ${userId}`,
  email: `founder-${userId}@${tenantId}.example`,
  isEmailVerified: true,
  granted: { userId, tenantId, role: 'owner', siteIds: 'all' },
});
