import { createHash } from 'node:crypto';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { AuditStore } from '../audit/commit-with-audit.ts';

export type IdentityStore = { readonly db: DynamoDBDocumentClient; readonly identityTable: string };
export type IdentityWriter = IdentityStore & AuditStore;
/** A user of a tenant, by number. */
export type UserRef = { readonly tenantId: string; readonly userId: number };

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const number = (userId: number) => String(userId).padStart(10, '0');
const person = ({ tenantId, userId }: UserRef) => `PERSON#${tenantId}#${userId}`;

/** Keys of the identity table. Secrets and tokens stand in them as SHA-256 alone. */
export const identityKeys = {
  user: ({ tenantId, userId }: UserRef) => ({ pk: `TENANT#${tenantId}`, sk: `USER#${number(userId)}` }),
  /** How many active owners a tenant has. */
  owners: (tenantId: string) => ({ pk: `TENANT#${tenantId}`, sk: 'OWNERS' }),
  userCounter: { pk: 'COUNTER', sk: 'USER' },
  /** From the identity provider's subject to the user. */
  account: (subject: string) => ({ pk: `ACCOUNT#${sha256(subject)}`, sk: 'ACCOUNT' }),
  email: (email: string) => ({ pk: `EMAIL#${sha256(email.toLowerCase())}`, sk: 'EMAIL' }),
  login: (browserHash: string) => ({ pk: `LOGIN#${browserHash}`, sk: 'LOGIN' }),
  session: (tokenHash: string) => ({ pk: `SESSION#${tokenHash}`, sk: 'SESSION' }),
  sessionOf: (ref: UserRef, sessionId: string) => ({ pk: person(ref), sk: `SESSION#${sessionId}` }),
  apiKey: (keyId: string) => ({ pk: `KEY#${keyId}`, sk: 'KEY' }),
  apiKeyOf: (ref: UserRef, keyId: string) => ({ pk: person(ref), sk: `KEY#${keyId}` }),
  secondFactor: (ref: UserRef) => ({ pk: person(ref), sk: 'FACTOR' }),
  device: (ref: UserRef, deviceHash: string) => ({ pk: person(ref), sk: `DEVICE#${deviceHash}` }),
  attempts: (ref: UserRef, from: string) => ({ pk: person(ref), sk: `ATTEMPTS#${from}` }),
  limit: (what: string, source: string, window: number) => ({
    pk: `LIMIT#${what}#${sha256(source)}`,
    sk: String(window),
  }),
} as const;
