import type { Browser, Page } from 'playwright-core';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startReceiver } from '../../lambdas/webhooks/test-receiver.ts';
import { chooseVictims } from '../../local/loop/run-loop.ts';
import type { System } from '../../local/system.ts';
import { findChromium, launchChromium } from './chromium.ts';
import { fillLogin, openConsole, signIn, signOut, type Visit } from './console-user.ts';
import { startDemoSystem } from './demo-system.ts';
import { hasFocus, tabTo } from './keyboard.ts';
import { openFromHeatmap, readEverySample, zoomIntoTheSite } from './telemetry-path.ts';

const executablePath = findChromium();
const missing = 'No Chromium: set CHROMIUM_PATH, or install it (apt-get install chromium).';
if (!executablePath && process.env.CI === 'true') throw new Error(missing);
if (!executablePath) console.log(`Browser tests are skipped. ${missing}`);

describe.skipIf(!executablePath)('the console in a browser', () => {
  const troubles: string[] = [];
  let system: System;
  let browser: Browser;
  let visit: Visit;
  let [first, second]: (string | undefined)[] = [];

  beforeAll(async () => {
    browser = await launchChromium(executablePath ?? '');
    system = await startDemoSystem(40, (reason) => troubles.push(reason));
    [first, second] = chooseVictims(system, 2, 1);
  });
  afterAll(async () => {
    await browser?.close();
    await system?.close();
  });
  afterEach(async () => {
    await visit.context.close();
    expect(visit.faults).toEqual([]);
    expect(troubles).toEqual([]);
  });

  const open = async () => {
    visit = await openConsole(browser, system.runtime.url);
    return visit.page;
  };
  const goTo = (page: Page, name: string) => page.getByRole('link', { name, exact: true }).click();
  const rowOf = (page: Page, minerId: string) =>
    page.getByRole('row').filter({ hasText: minerId }).filter({ hasText: 'Stop hashing' });
  const panel = (page: Page) => page.getByTestId('recommendation');
  const dialog = (page: Page) => page.getByRole('dialog');

  it('carries a dead fan through two approvals to a stopped miner and a verified chain', async () => {
    const minerId = first ?? '';
    const page = await open();
    await page.goto('/');
    await fillLogin(page, 'operator@demo.local', 'wrong');
    await page.getByRole('alert').filter({ hasText: 'wrong password' }).waitFor();
    await signIn(page, 'operator@demo.local');
    await system.site.control.inject(minerId, { kind: 'dead_fan' });

    await goTo(page, 'Alerts and incidents');
    const diagnose = page.getByRole('button', { name: `Diagnose: Fan failure ${minerId}` });
    await diagnose.click();
    const hypotheses = dialog(page).getByTestId('hypothesis');
    await hypotheses.first().waitFor();
    expect(await hypotheses.count()).toBe(3);
    expect(await hypotheses.first().textContent()).toContain('A fan has died');
    expect(await hypotheses.first().getByRole('listitem').count()).toBeGreaterThan(0);
    const confidences = await hypotheses
      .getByRole('progressbar')
      .evaluateAll((bars) => bars.map((bar) => Number(bar.getAttribute('value'))));
    expect(confidences).toEqual(confidences.toSorted((a, b) => b - a));
    await page.keyboard.press('Escape');
    await dialog(page).waitFor({ state: 'hidden' });
    expect(await hasFocus(page, diagnose)).toBe(true);

    await goTo(page, 'Recommendations');
    await rowOf(page, minerId).click();
    await panel(page).getByTestId('origin').getByText('Fan failure ·').waitFor();
    await panel(page).getByText('0 of 2 approvals').waitFor();
    await panel(page).getByText('One of them must be a manager or above.').waitFor();
    await panel(page).getByRole('button', { name: 'Approve' }).click();
    await dialog(page).getByRole('textbox').fill('Seen on the map');
    await dialog(page).getByRole('button', { name: 'Approve' }).click();
    await panel(page).getByText('1 of 2 approvals').waitFor();
    await panel(page).getByText('Seen on the map').waitFor();
    const address = new URL(page.url()).pathname;
    await signOut(page);

    await signIn(page, 'manager@demo.local', address);
    await panel(page).getByRole('button', { name: 'Approve' }).click();
    await dialog(page).getByRole('button', { name: 'Approve' }).click();
    await panel(page).getByText('2 of 2 approvals').waitFor();
    await panel(page).getByTestId('commands').getByText(`Stop hashing · ${minerId} completed`).waitFor();

    await goTo(page, 'Closed loops');
    const loop = page
      .getByTestId(/^loop-/)
      .filter({ hasText: minerId })
      .filter({ hasText: 'Stop hashing' });
    for (const step of ['detect', 'approve', 'dispatch', 'acknowledge', 'verify', 'audit', 'learn'])
      await loop.locator(`[data-step=${step}].done`).waitFor();
    await loop.getByText('effective', { exact: true }).waitFor();
    const miner = await system.site.control.physical(minerId);
    expect(miner.hashing).toBe(false);
    expect(miner.powerW).toBeLessThan(300);

    await goTo(page, 'Audit log');
    await page.getByText('control.command.completed').first().waitFor();
    await page.getByRole('button', { name: 'Verify the chain' }).click();
    await page.getByTestId('audit-intact').waitFor();
  });

  it('lets a keyboard alone find the miner and approve', async () => {
    const minerId = second ?? '';
    const page = await open();
    await signIn(page, 'operator@demo.local');
    await page.keyboard.press('Tab');
    expect(await hasFocus(page, page.getByRole('link', { name: 'Skip to the content' }))).toBe(true);

    const map = page.getByRole('application', { name: 'Site map' });
    await tabTo(page, map);
    await page.keyboard.press('ArrowRight');
    await page.getByRole('status').filter({ hasText: 'm-0001' }).waitFor();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/miners/m-0002');
    await expect.poll(() => page.title()).toBe('m-0002 · HashInsight');

    await system.site.control.inject(minerId, { kind: 'dead_fan' });
    await tabTo(page, page.getByRole('link', { name: 'Recommendations' }));
    await page.keyboard.press('Enter');
    await tabTo(page, rowOf(page, minerId).getByRole('radio'));
    await page.keyboard.press('Space');
    const approve = panel(page).getByRole('button', { name: 'Approve' });
    await tabTo(page, approve);
    await page.keyboard.press('Enter');
    const reason = dialog(page).getByRole('textbox');
    await tabTo(page, reason, 4);
    await page.keyboard.type('Without a mouse');
    for (let step = 0; step < 6; step++) {
      await page.keyboard.press('Tab');
      expect(await dialog(page).locator(':focus').count()).toBe(1);
    }
    await tabTo(page, dialog(page).getByRole('button', { name: 'Approve' }), 8);
    await page.keyboard.press('Enter');
    await panel(page).getByText('Without a mouse').waitFor();
    await dialog(page).waitFor({ state: 'hidden' });
    expect(await hasFocus(page, approve)).toBe(true);
    await panel(page).getByText('1 of 2 approvals').waitFor();
  });

  it('zooms from a day of the site to the last sample of a miner, with the values that the API gives', async () => {
    const minerId = system.site.miners[7]?.minerId ?? '';
    const page = await open();
    await signIn(page, 'client@demo.local');
    await zoomIntoTheSite(page);
    await openFromHeatmap(page, minerId);
    await readEverySample(page, minerId);
  });

  it('shows a customer what waits, and no button to decide it', async () => {
    const page = await open();
    await signIn(page, 'client@demo.local', '/recommendations');
    await rowOf(page, second ?? '').click();
    await panel(page).getByText('Your role may look but not decide.').waitFor();
    expect(await page.getByRole('button', { name: /Approve|Reject/ }).count()).toBe(0);
  });

  it('speaks Chinese in the dark, and remembers it', async () => {
    const page = await open();
    await signIn(page, 'manager@demo.local', '/recommendations');
    await rowOf(page, second ?? '').click();
    await page.getByRole('button', { name: '中文' }).click();
    await page.getByRole('heading', { name: '处置建议' }).waitFor();
    await panel(page).getByText('风扇故障停转').first().waitFor();
    await page.getByRole('button', { name: '深色主题' }).click();
    await page.reload();
    await panel(page).getByRole('button', { name: '批准' }).waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe('zh');
    expect(await page.locator('body').getAttribute('class')).toContain('awsui-dark-mode');
    expect(await page.title()).toBe('处置建议 · HashInsight');
  });

  it('lets an admin make a rule and switch it off, and an operator only look', async () => {
    const page = await open();
    await signIn(page, 'admin@demo.local', '/rules');
    await page.getByRole('button', { name: 'New rule' }).click();
    await dialog(page).getByRole('button', { name: 'Save' }).click();
    await dialog(page).getByText('Please name the rule.').waitFor();
    await dialog(page).getByLabel('Name').fill('Fans at night');
    await dialog(page).getByLabel('Most miners at once').fill('2');
    await dialog(page).getByRole('button', { name: 'Save' }).click();
    const row = page.getByRole('row').filter({ hasText: 'Fans at night' });
    await row.getByText('Most miners at once: 2').waitFor();
    await row.getByRole('button', { name: 'Deactivate' }).click();
    await row.getByText('off', { exact: true }).waitFor();
    await signOut(page);
    await signIn(page, 'operator@demo.local', '/rules');
    await row.getByText('off', { exact: true }).waitFor();
    await page.getByText('Admins may change rules.').waitFor();
    expect(await page.getByRole('button', { name: /New rule|Edit|Activate/ }).count()).toBe(0);
  });

  it('sends people whose session has ended to sign in, and back to the same page', async () => {
    const page = await open();
    await signIn(page, 'operator@demo.local', '/commands');
    await page.getByRole('heading', { name: /^Commands/ }).waitFor();
    await visit.context.clearCookies({ name: 'session' });
    await page.locator('input[name=password]').waitFor();
    await fillLogin(page, 'operator@demo.local', 'operator-demo');
    await page.waitForURL('**/commands');
    await page.getByRole('heading', { name: /^Commands/ }).waitFor();
    await page.getByRole('cell', { name: first ?? '' }).waitFor();
  });

  it('lets an admin add a webhook, test it and see what arrived, and an operator only look', async () => {
    const receiver = await startReceiver({ answer: () => 204 });
    onTestFinished(receiver.close);
    const page = await open();
    await signIn(page, 'admin@demo.local', '/webhooks');
    await page.getByText('No webhooks yet').waitFor();
    await page.getByRole('button', { name: 'Add a webhook' }).click();
    await dialog(page).getByLabel('URL').fill('https://10.0.0.1/hook');
    await dialog(page).getByRole('button', { name: 'Save' }).click();
    await dialog(page).getByText('must not name a private or reserved address').waitFor();
    await dialog(page).getByLabel('URL').fill(receiver.url);
    await dialog(page).getByLabel('Description').fill('Pager');
    await dialog(page).getByRole('button', { name: 'Save' }).click();
    const secret = ((await page.getByTestId('webhook-secret').textContent()) ?? '').trim();
    const row = page.getByRole('row').filter({ hasText: 'Pager' });
    await row.getByText('Enabled', { exact: true }).waitFor();
    await row.getByRole('button', { name: `Webhooks: ${receiver.url}` }).click();
    await page.getByRole('menuitem', { name: 'Send a test event' }).click();
    await page.getByText('A test event is on its way.').waitFor();
    await row.click();
    const ping = page.getByRole('row').filter({ hasText: 'webhooks.endpoint.pinged' });
    await ping.getByText('Arrived', { exact: true }).waitFor();
    await ping.getByText(/: Answered \(204\)$/).waitFor();
    const got = receiver.received.find(({ body }) => body.includes('webhooks.endpoint.pinged'));
    const headers = Object.entries(got?.headers ?? {}).map(([name, value]) => [name, String(value)]);
    expect(new Webhook(secret).verify(got?.body ?? '', Object.fromEntries(headers))).toMatchObject({
      type: 'webhooks.endpoint.pinged',
    });
    await signOut(page);
    await signIn(page, 'operator@demo.local', '/webhooks');
    await row.getByText('Enabled', { exact: true }).waitFor();
    expect(await page.getByRole('button', { name: 'Add a webhook' }).count()).toBe(0);
    expect(await row.getByRole('button', { name: /^Webhooks/ }).count()).toBe(0);
  });

  it('lets an operator stop every remote write, and two people lift it', async () => {
    const page = await open();
    await signIn(page, 'operator@demo.local', '/safety');
    const row = page.getByRole('row').filter({ hasText: 'This site' });
    await row.getByText('Writes allowed', { exact: true }).waitFor();
    expect(await page.getByRole('button', { name: 'Change: Stop hashing' }).count()).toBe(0);
    await row.getByRole('button', { name: 'Stop remote writes: This site' }).click();
    await dialog(page).getByRole('button', { name: 'Stop remote writes' }).click();
    await dialog(page).getByText('This is needed').waitFor();
    await dialog(page).getByLabel('Reason').fill('Smoke in hall 2');
    await dialog(page).getByRole('button', { name: 'Stop remote writes' }).click();
    await row.getByText('Stopped', { exact: true }).waitFor();
    await row.getByText('Smoke in hall 2').waitFor();
    await goTo(page, 'Fleet overview');
    const banner = page.getByTestId('halted');
    await banner.getByText('Remote writes are stopped: at this site').waitFor();
    await banner.getByRole('link', { name: 'To the kill switches' }).click();
    const lift = async (reason: string) => {
      await row.getByRole('button', { name: 'Lift the stop: This site' }).click();
      await dialog(page).getByLabel('Reason').fill(reason);
      await dialog(page).getByRole('button', { name: 'Lift the stop' }).click();
    };
    await lift('It was steam');
    await row.getByText(/It was steam/).waitFor();
    await row.getByText('Stopped', { exact: true }).waitFor();
    await signOut(page);
    await signIn(page, 'manager@demo.local', '/safety');
    await banner.waitFor();
    await lift('Steam indeed');
    await row.getByText('Writes allowed', { exact: true }).waitFor();
    await banner.waitFor({ state: 'detached' });
  });

  it('lets an admin demand more for an order, never less than the product does, and go back', async () => {
    const page = await open();
    await signIn(page, 'admin@demo.local', '/safety');
    const row = page
      .getByRole('row')
      .filter({ has: page.getByRole('cell', { name: 'Stop hashing', exact: true }) });
    await row.getByText("The product's own").waitFor();
    await row.getByRole('button', { name: 'Change: Stop hashing' }).click();
    const approvals = dialog(page).getByLabel('Approvals at least');
    await approvals.fill('0');
    await dialog(page).getByLabel('Reason').fill('Two halls share a feeder');
    await dialog(page).getByRole('button', { name: 'Save' }).click();
    await dialog(page)
      .getByText(/^approvers must be at least/)
      .waitFor();
    await approvals.fill('3');
    await dialog(page).getByRole('button', { name: 'Add a time' }).click();
    await dialog(page).getByRole('button', { name: 'Save' }).click();
    await page.getByText('The policy is saved.').waitFor();
    await row.getByRole('cell', { name: '3', exact: true }).waitFor();
    await row.getByText('Mon, Tue, Wed, Thu, Fri, Sat, Sun 00:00–00:00').waitFor();
    await row.getByRole('button', { name: "Back to the product's own: Stop hashing" }).click();
    await dialog(page).getByLabel('Reason').fill('Feeder doubled');
    await dialog(page).getByRole('button', { name: "Back to the product's own" }).click();
    await row.getByText("The product's own").waitFor();
  });

  it('lets an admin make a claim for a gateway and withdraw it, a manager renew keys, and an operator only look', async () => {
    const page = await open();
    await signIn(page, 'admin@demo.local', '/gateways');
    const own = page.getByRole('row').filter({ hasText: 'gw-demo-1' });
    await own.getByText('All zones').waitFor();
    await page.getByText('No claims yet').waitFor();
    await page.getByRole('button', { name: 'Make a claim' }).click();
    await dialog(page).getByLabel('Gateway').fill('gw hall 2');
    await dialog(page).getByRole('button', { name: 'Save' }).click();
    await dialog(page).getByText('Letters, digits, dots, dashes, underscores').waitFor();
    await dialog(page).getByLabel('Gateway').fill('gw-hall-2');
    await dialog(page).getByLabel('Name').fill('Hall 2');
    await dialog(page).getByRole('button', { name: 'Save' }).click();
    expect(((await page.getByTestId('claim-code').textContent()) ?? '').trim().length).toBeGreaterThan(20);
    const claim = page.getByRole('row').filter({ hasText: 'gw-hall-2' });
    await claim.getByText('Open', { exact: true }).waitFor();
    await claim.getByRole('button', { name: 'Withdraw the claim of gw-hall-2' }).click();
    await claim.getByText('Withdrawn', { exact: true }).waitFor();
    await signOut(page);
    await signIn(page, 'manager@demo.local', '/gateways');
    await own.getByRole('button', { name: 'Actions for gw-demo-1' }).click();
    await page.getByRole('menuitem', { name: 'New keys at its next contact' }).click();
    await page.getByText('It renews its keys at its next contact.').waitFor();
    expect(await page.getByRole('button', { name: 'Make a claim' }).count()).toBe(0);
    await signOut(page);
    await signIn(page, 'operator@demo.local', '/gateways');
    await own.waitFor();
    expect(await page.getByRole('button', { name: /^Actions for/ }).count()).toBe(0);
    expect(await page.getByText('Claims', { exact: true }).count()).toBe(0);
  });

  it('lets an operator try an order to all miners dry and propose it, and a manager approve it', async () => {
    const page = await open();
    await signIn(page, 'operator@demo.local', '/batches');
    await page.getByText('No batches yet').waitFor();
    await page.getByRole('button', { name: 'New batch' }).click();
    await dialog(page)
      .getByRole('button', { name: /^Order/ })
      .click();
    await page.getByRole('option', { name: 'Set power mode' }).click();
    await dialog(page).getByRole('button', { name: 'Try it dry' }).click();
    await dialog(page).getByText('This is needed').first().waitFor();
    await dialog(page).getByRole('button', { name: 'All', exact: true }).click();
    await dialog(page).getByLabel('Reason').fill('Back to the usual mode');
    await dialog(page).getByRole('button', { name: 'Try it dry' }).click();
    await dialog(page)
      .getByText(/^\d+ miners over 1 gateways$/)
      .waitFor();
    await dialog(page).getByText('Needs 1 approvals, one by an operator or above').waitFor();
    await dialog(page).getByRole('button', { name: 'Propose' }).click();
    await page.getByText('The batch is proposed.').waitFor();
    const batch = page.getByTestId('batch');
    await batch.getByText('0 of 1 approvals').waitFor();
    await signOut(page);
    await signIn(page, 'manager@demo.local', '/batches');
    await page.getByRole('row').filter({ hasText: 'Back to the usual mode' }).click();
    await batch.getByRole('button', { name: 'Approve' }).click();
    await batch.getByText('1 of 1 approvals').waitFor();
    await batch.getByText('finished', { exact: true }).waitFor();
    expect(await batch.getByRole('button').count()).toBe(0);
  });
});
