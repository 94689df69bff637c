import { GetCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { duties, roles } from '../../contracts/access.ts';
import type { NewDomainEvent } from '../../contracts/domain-event.ts';
import { customerId, siteId, tenantId, userId } from '../../contracts/identifiers.ts';
import { type CommitResult, commitWithAudit, type TransactItem } from '../audit/commit-with-audit.ts';
import { cursorAfter } from '../shared/cursor.ts';
import { type IdentityStore, type IdentityWriter, identityKeys, type UserRef } from './identity-keys.ts';
import { ownerDelta, type User, userStatuses } from './user.ts';

const userItem = z
  .object({
    tenant_id: tenantId,
    user_id: userId,
    name: z.string(),
    email: z.string().optional(),
    subject: z.string().optional(),
    role: z.enum(roles).exclude(['guest']),
    duty: z.enum(duties).optional(),
    site_ids: z.union([z.literal('all'), z.array(siteId)]),
    customer_ids: z.array(customerId).optional(),
    status: z.enum(userStatuses),
    epoch: z.int(),
    version: z.int(),
    has_second_factor: z.boolean(),
    created_at: z.string(),
    last_signed_in_at: z.string().optional(),
  })
  .transform(
    (item): User => ({
      tenantId: item.tenant_id,
      userId: item.user_id,
      name: item.name,
      email: item.email,
      subject: item.subject,
      role: item.role,
      duty: item.duty,
      siteIds: item.site_ids,
      customerIds: item.customer_ids,
      status: item.status,
      epoch: item.epoch,
      version: item.version,
      hasSecondFactor: item.has_second_factor,
      createdAt: item.created_at,
      lastSignedInAt: item.last_signed_in_at,
    }),
  );

const toItem = (user: User) => ({
  ...identityKeys.user(user),
  tenant_id: user.tenantId,
  user_id: user.userId,
  name: user.name,
  email: user.email,
  subject: user.subject,
  role: user.role,
  duty: user.duty,
  site_ids: user.siteIds,
  customer_ids: user.customerIds,
  status: user.status,
  epoch: user.epoch,
  version: user.version,
  has_second_factor: user.hasSecondFactor,
  created_at: user.createdAt,
  last_signed_in_at: user.lastSignedInAt,
});

const reference = z.object({ tenant_id: tenantId, user_id: userId });

export const findUser =
  ({ db, identityTable }: IdentityStore) =>
  async (ref: UserRef): Promise<User | undefined> => {
    const { Item } = await db.send(
      new GetCommand({ TableName: identityTable, Key: identityKeys.user(ref), ConsistentRead: true }),
    );
    return Item && userItem.parse(Item);
  };

const findBehind = (store: IdentityStore) => async (Key: { pk: string; sk: string }) => {
  const { Item } = await store.db.send(
    new GetCommand({ TableName: store.identityTable, Key, ConsistentRead: true }),
  );
  if (!Item) return undefined;
  const { tenant_id, user_id } = reference.parse(Item);
  return findUser(store)({ tenantId: tenant_id, userId: user_id });
};

/** The user behind an account of the identity provider. */
export const findByAccount = (store: IdentityStore) => (subject: string) =>
  findBehind(store)(identityKeys.account(subject));
export const findByEmail = (store: IdentityStore) => (email: string) =>
  findBehind(store)(identityKeys.email(email));

/** A page of a tenant's users by number, from the one after `after` (ten digits). */
export const listUsers =
  ({ db, identityTable }: IdentityStore) =>
  async (tenant: string, limit: number, after: string | undefined) => {
    const { pk } = identityKeys.owners(tenant);
    const { Items, LastEvaluatedKey } = await db.send(
      new QueryCommand({
        TableName: identityTable,
        KeyConditionExpression: 'pk = :tenant AND begins_with(sk, :user)',
        ExpressionAttributeValues: { ':tenant': pk, ':user': 'USER#' },
        Limit: limit,
        ...(after !== undefined && { ExclusiveStartKey: { pk, sk: `USER#${after}` } }),
      }),
    );
    return {
      users: (Items ?? []).map((item) => userItem.parse(item)),
      nextCursor: cursorAfter(LastEvaluatedKey, 'USER#'),
    };
  };

/** Numbers of invited users begin above those that an identity provider's claims may give. */
const firstInvited = 1_000;

export const nextUserId =
  ({ db, identityTable }: IdentityStore) =>
  async (): Promise<number> => {
    const { Attributes } = await db.send(
      new UpdateCommand({
        TableName: identityTable,
        Key: identityKeys.userCounter,
        UpdateExpression: 'ADD #last :one',
        ExpressionAttributeNames: { '#last': 'last' },
        ExpressionAttributeValues: { ':one': 1 },
        ReturnValues: 'ALL_NEW',
      }),
    );
    return firstInvited + z.object({ last: z.int() }).parse(Attributes).last;
  };

const ownersChange = (table: string, tenant: string, delta: number): TransactItem[] => {
  if (delta === 0) return [];
  return [
    {
      Update: {
        TableName: table,
        Key: identityKeys.owners(tenant),
        UpdateExpression: 'ADD owners :delta',
        ...(delta < 0 && { ConditionExpression: 'owners > :one' }),
        ExpressionAttributeValues: { ':delta': delta, ...(delta < 0 && { ':one': 1 }) },
      },
    },
  ];
};

/** A pointer to the user that nobody else may hold, put or taken away as the change says. */
const pointerChange = (
  table: string,
  keyOf: (name: string) => { pk: string; sk: string },
  before: string | undefined,
  { tenantId, userId }: UserRef,
  after: string | undefined,
): TransactItem[] => [
  ...(before !== undefined && before !== after ? [{ Delete: { TableName: table, Key: keyOf(before) } }] : []),
  ...(after !== undefined && before !== after
    ? [
        {
          Put: {
            TableName: table,
            Item: { ...keyOf(after), tenant_id: tenantId, user_id: userId },
            ConditionExpression: 'attribute_not_exists(pk)',
          },
        },
      ]
    : []),
];

export type SavedUser =
  | { readonly ok: true }
  /** `taken`: somebody else changed it first, or the number, account or address belongs to another; `last_owner`. */
  | { readonly ok: false; readonly because: 'taken' | 'last_owner' };

/**
 * Writes a user over the state that the change was made from (undefined: a new one), with its pointers, the number of active
 * owners, and the event; together with `more` or not at all.
 */
export const saveUser =
  (store: IdentityWriter) =>
  async (
    before: User | undefined,
    after: User,
    event: NewDomainEvent,
    more: readonly TransactItem[] = [],
  ): Promise<SavedUser> => {
    const { identityTable: table } = store;
    const owners = ownersChange(table, after.tenantId, ownerDelta(before, after));
    const put: TransactItem = {
      Put: {
        TableName: table,
        Item: toItem({ ...after, version: (before?.version ?? 0) + 1 }),
        ...(before
          ? {
              ConditionExpression: 'version = :version',
              ExpressionAttributeValues: { ':version': before.version },
            }
          : { ConditionExpression: 'attribute_not_exists(pk)' }),
      },
    };
    const committed: CommitResult = await commitWithAudit(store)(
      [
        ...owners,
        put,
        ...pointerChange(table, identityKeys.account, before?.subject, after, after.subject),
        ...pointerChange(table, identityKeys.email, before?.email, after, after.email),
        ...more,
      ],
      [event],
    );
    if (committed.ok) return { ok: true };
    return { ok: false, because: committed.conflict < owners.length ? 'last_owner' : 'taken' };
  };
