import type { Browser, BrowserContext, Page } from 'playwright-core';
import { accountOf } from '../../local/cognito/accounts.ts';

/** How long a page may take to show what the system must have done by then, in ms. */
export const patience = 30_000;

export type Visit = { readonly page: Page; readonly context: BrowserContext; readonly faults: string[] };

/** A browser of its own for one person: English, light, with a note of every script error of the console. */
export const openConsole = async (browser: Browser, baseURL: string): Promise<Visit> => {
  const context = await browser.newContext({
    baseURL,
    locale: 'en-GB',
    colorScheme: 'light',
    viewport: { width: 1440, height: 1000 },
  });
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  return { page, context, faults };
};

/** Signs a demo account in through the provider's own form. Ends on the console's page. */
export const signIn = async (page: Page, email: string, path = '/') => {
  const account = accountOf(email);
  if (!account) throw new Error(`There is no demo account ${email}`);
  await page.goto(path);
  await fillLogin(page, email, account.password);
  await page.getByRole('button', { name: `Account: ${account.name}` }).waitFor();
};

export const fillLogin = async (page: Page, email: string, password: string) => {
  await page.locator('input[name=email]').fill(email);
  await page.locator('input[name=password]').fill(password);
  await page.locator('button[type=submit]').click();
};

/** Signs out through the menu. Ends on the provider's form. */
export const signOut = async (page: Page) => {
  await page.getByRole('button', { name: /^Account: / }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.locator('input[name=password]').waitFor();
};
