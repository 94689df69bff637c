/** An account of the local identity provider, with the claims that Cognito would keep as custom attributes. */
export type Account = {
  readonly email: string;
  readonly password: string;
  readonly name: string;
  readonly userId: number;
  readonly tenantId: string;
  readonly role: 'owner' | 'admin' | 'mining_site_owner' | 'client' | 'customer';
  readonly duty?: 'operator' | 'manager';
  readonly siteIds: string;
  /** Whose machines a client sees: customer ids, separated by commas. */
  readonly customerIds?: string;
};

const demo = (
  userId: number,
  who: string,
  name: string,
  rest: Pick<Account, 'role' | 'duty'>,
  siteIds = 'all',
  customerIds?: string,
): Account => ({
  email: `${who}@demo.local`,
  password: `${who}-demo`,
  name,
  userId,
  tenantId: 'demo',
  ...rest,
  siteIds,
  ...(customerIds !== undefined && { customerIds }),
});

/** The people of the demo: enough ranks to see one person propose and two others approve. */
export const demoAccounts: readonly Account[] = [
  demo(1, 'owner', 'Olivia Owner', { role: 'owner' }),
  demo(2, 'admin', 'Adam Admin', { role: 'admin' }),
  demo(5, 'manager', 'Mei Manager', { role: 'mining_site_owner', duty: 'manager' }),
  demo(7, 'operator', 'Oskar Operator', { role: 'mining_site_owner', duty: 'operator' }),
  demo(9, 'client', 'Clara Client', { role: 'client' }, '1', 'cust-aurora'),
  demo(10, 'borealis', 'Boris Borealis', { role: 'client' }, '1', 'cust-borealis'),
];

/** A tenant of its own, so that the walls between tenants can be tried. */
export const rivalAccount: Account = {
  email: 'rival@other.local',
  password: 'rival-demo',
  name: 'Rita Rival',
  userId: 90,
  tenantId: 'rival',
  role: 'owner',
  siteIds: 'all',
};

/** The demo account with this address, if there is one. */
export const accountOf = (email: string) =>
  [...demoAccounts, rivalAccount].find((one) => one.email === email);
