/**
 * Makes the pictures of README and docs, docs/images/console-overview.png, console-loop.png and console-safety.png, from the running
 * system with one loop closed and one waiting for people, then with a kill switch set:
 *
 *   npx node test/browser/screenshot.ts
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../local/build.ts';
import { chooseVictims } from '../../local/loop/run-loop.ts';
import { findChromium, launchChromium } from './chromium.ts';
import { openConsole, signIn } from './console-user.ts';
import { startDemoSystem } from './demo-system.ts';

const executablePath = findChromium();
if (!executablePath) throw new Error('No Chromium: set CHROMIUM_PATH, or install it.');
const images = join(root, 'docs', 'images');
mkdirSync(images, { recursive: true });

const browser = await launchChromium(executablePath);
const system = await startDemoSystem(200, (reason) => console.error(reason));
try {
  const [board, fan] = chooseVictims(system, 2, 1);
  if (!board || !fan) throw new Error('The site has too few miners');
  const { page } = await openConsole(browser, system.runtime.url);
  await page.setViewportSize({ width: 1280, height: 800 });
  await signIn(page, 'operator@demo.local', '/loops');
  await system.site.control.inject(board, { kind: 'dead_board', board: 2, recoverable: true });
  const cardOf = (minerId: string) => page.getByTestId(/^loop-/).filter({ hasText: minerId });
  await cardOf(board).locator('[data-step=dispatch].done').first().waitFor();
  await system.site.control.inject(fan, { kind: 'dead_fan' });
  await cardOf(fan).locator('[data-step=approve].next').first().waitFor();
  await cardOf(board).locator('[data-step=learn].done').first().waitFor();
  await page.screenshot({ path: join(images, 'console-loop.png'), animations: 'disabled' });

  await page.getByRole('link', { name: 'Fleet overview' }).click();
  const map = page.getByRole('application', { name: 'Site map' });
  await map.focus();
  const place = system.site.miners
    .map(({ minerId }) => minerId)
    .toSorted()
    .indexOf(fan);
  for (let step = 0; step <= place; step++) await page.keyboard.press('ArrowRight');
  await page.getByRole('status').filter({ hasText: fan }).waitFor();
  await map.blur();
  const openAlerts = page.getByRole('definition').nth(4);
  await openAlerts.getByText(/^[1-9]/).waitFor();
  await page.screenshot({ path: join(images, 'console-overview.png'), animations: 'disabled' });

  await page.getByRole('link', { name: 'Safety' }).click();
  await page.getByRole('button', { name: 'Stop remote writes: This site' }).click();
  await page.getByRole('dialog').getByLabel('Reason').fill('Smoke in hall 2');
  await page.getByRole('dialog').getByRole('button', { name: 'Stop remote writes' }).click();
  await page.getByTestId('halted').waitFor();
  await page.getByRole('row').filter({ hasText: 'Smoke in hall 2' }).waitFor();
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  await page.screenshot({ path: join(images, 'console-safety.png'), animations: 'disabled' });
  console.log(`Written to ${images}`);
} finally {
  await browser.close();
  await system.close();
}
