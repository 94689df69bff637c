import type { Locator, Page } from 'playwright-core';

/** Presses Tab until the element has the focus, as someone without a mouse would. Rejects when it is out of reach. */
export const tabTo = async (page: Page, target: Locator, mostSteps = 80) => {
  await target.waitFor();
  for (let step = 0; step < mostSteps; step++) {
    if (await hasFocus(page, target)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`${target} is not reached by ${mostSteps} presses of Tab`);
};

export const hasFocus = async (page: Page, target: Locator) =>
  (await target.and(page.locator(':focus')).count()) > 0;
