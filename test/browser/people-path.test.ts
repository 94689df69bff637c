import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { totp } from '../../lambdas/identity/totp.ts';
import { buildConsole, buildStacks, cdkOut, consoleDir } from '../../local/build.ts';
import { type Runtime, startRuntime } from '../../local/runtime.ts';
import { findChromium, launchChromium } from './chromium.ts';
import { fillLogin, openConsole, signIn, signOut, type Visit } from './console-user.ts';

const executablePath = findChromium();

/** The cloud with its console and no site: the pages about people need none. */
describe.skipIf(!executablePath)('people in the console', () => {
  let runtime: Runtime;
  let stateDir: string;
  let browser: Browser;
  let visit: Visit;
  beforeAll(async () => {
    stateDir = mkdtempSync(join(tmpdir(), 'people-browser-'));
    await buildStacks();
    await buildConsole();
    browser = await launchChromium(executablePath ?? '');
    runtime = await startRuntime({ cdkOut, stateDir, port: 0, consoleDir });
  });
  afterAll(async () => {
    await browser?.close();
    await runtime?.close();
    rmSync(stateDir, { recursive: true, force: true });
  });
  afterEach(async () => {
    await visit.context.close();
    expect(visit.faults).toEqual([]);
  });

  const open = async () => {
    visit = await openConsole(browser, runtime.url);
    return visit.page;
  };
  const dialog = (page: Page) => page.getByRole('dialog');
  const rowOf = (page: Page, text: string) => page.getByRole('row').filter({ hasText: text });
  const letterTo = (email: string) => {
    const outbox = join(stateDir, 'cognito', 'outbox');
    const letters = readdirSync(outbox).map((name) => readFileSync(join(outbox, name), 'utf8'));
    return letters.find((text) => text.includes(`To: ${email}\n`)) ?? '';
  };
  const bytesOf = (base32: string) => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
    const bits = [...base32].map((char) => alphabet.indexOf(char).toString(2).padStart(5, '0')).join('');
    return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  };

  it('lets an owner invite somebody, change and disable them, with a reason each time', async () => {
    const page = await open();
    await signIn(page, 'owner@demo.local', '/users');
    await rowOf(page, 'Olivia Owner').waitFor();
    await page.getByRole('button', { name: 'Invite' }).click();
    await dialog(page).getByRole('button', { name: 'Invite' }).click();
    await dialog(page).getByText('This is not an e-mail address').waitFor();
    await dialog(page).getByLabel('E-mail address').fill('nora@mine.example');
    await dialog(page).getByLabel('Name').fill('Nora Newcomer');
    await dialog(page).getByLabel('Reason').fill('Joins the night shift');
    await dialog(page).getByRole('button', { name: 'Invite' }).click();
    await page.getByText('An invitation is on its way to nora@mine.example.').waitFor();
    await rowOf(page, 'Nora Newcomer').getByText('invited', { exact: true }).waitFor();

    await page.getByRole('button', { name: 'Change Nora Newcomer' }).click();
    await dialog(page).getByRole('button', { name: /Role/ }).click();
    await page.getByRole('option', { name: 'Site owner' }).click();
    await dialog(page).getByLabel('Reason').fill('Runs the hall');
    await dialog(page).getByRole('button', { name: 'Save' }).click();
    await rowOf(page, 'Nora Newcomer').getByText('Site owner · Operator').waitFor();

    await page.getByRole('button', { name: 'More for Nora Newcomer' }).click();
    await page.getByRole('menuitem', { name: 'Disable' }).click();
    await dialog(page).getByLabel('Reason').fill('Not yet');
    await dialog(page).getByRole('button', { name: 'Disable' }).click();
    await rowOf(page, 'Nora Newcomer').getByText('disabled', { exact: true }).waitFor();
    expect(letterTo('nora@mine.example')).toContain('temporary password');
    expect(await page.getByRole('button', { name: 'Change Olivia Owner' }).count()).toBe(0);
  });

  it('shows each role the pages that the matrix gives it', async () => {
    const page = await open();
    await signIn(page, 'client@demo.local', '/account');
    await page.getByRole('heading', { name: /^Sessions/ }).waitFor();
    const links = await page.getByRole('navigation').getByRole('link').allTextContents();
    expect(links).toContain('My account');
    for (const hidden of ['Users', 'Commands', 'Audit log']) expect(links).not.toContain(hidden);
    await signOut(page);
    await signIn(page, 'admin@demo.local', '/account');
    await page.getByRole('link', { name: 'Users', exact: true }).click();
    await rowOf(page, 'Clara Client').waitFor();
  });

  it('asks for the second factor that a person has set up, and takes a key that was shown once', async () => {
    const page = await open();
    await signIn(page, 'admin@demo.local', '/account');
    await page.getByRole('button', { name: 'Set up a second factor' }).click();
    const secret = bytesOf(((await page.getByTestId('factor-key').textContent()) ?? '').trim());
    await page.getByLabel('First code').fill(totp(secret, Date.now() - 30_000));
    await page.getByRole('button', { name: 'Confirm' }).click();
    const spare = ((await page.getByTestId('recovery-codes').textContent()) ?? '').trim().split(' ');
    expect(spare).toHaveLength(10);

    await page.getByRole('button', { name: 'Make an API key' }).click();
    await dialog(page).getByLabel('What it is for').fill('Night report');
    await dialog(page)
      .getByRole('button', { name: /Scopes/ })
      .click();
    await page.getByRole('option', { name: 'Hosting: read', exact: true }).click();
    await page.keyboard.press('Escape');
    await dialog(page).getByRole('button', { name: 'Save' }).click();
    const key = ((await page.getByTestId('api-key').textContent()) ?? '').trim();
    const sites = await fetch(new URL('/api/v1/sites', runtime.url), {
      headers: { authorization: `Bearer ${key}` },
    });
    expect(sites.status).toBe(200);

    await signOut(page);
    await page.goto('/account');
    await fillLogin(page, 'admin@demo.local', 'admin-demo');
    await page.getByRole('heading', { name: 'Second factor' }).waitFor();
    await page.getByLabel('Code').fill('000000');
    await page.getByRole('button', { name: 'Confirm' }).click();
    await page.getByText('This code is not right, or was used before.').waitFor();
    await page.getByLabel('Code').fill(spare[0] ?? '');
    await page.getByRole('button', { name: 'Confirm' }).click();
    await rowOf(page, 'Night report').waitFor();
    await page.getByRole('button', { name: 'Revoke Night report' }).click();
    await rowOf(page, 'Night report').getByText('revoked', { exact: true }).waitFor();
  });
});
