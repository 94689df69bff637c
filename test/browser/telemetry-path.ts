import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { minerSeriesAnswer } from '../../contracts/api-telemetry-series.ts';

const charts = (page: Page) => page.getByRole('application', { name: 'Charts over time' });
const figure = (page: Page, title: string) =>
  charts(page).getByRole('figure', { name: new RegExp(`^${title}:`) });

/** Drags over the middle third of a chart, as someone does who wants to see more of it. */
const dragOver = async (page: Page, title: string) => {
  const box = await figure(page, title).locator('.u-over').boundingBox();
  if (!box) throw new Error(`The chart ${title} is not in sight`);
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + box.width * 0.6, y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.8, y, { steps: 4 });
  await page.mouse.move(box.x + box.width - 1, y, { steps: 4 });
  await page.mouse.up();
};

const hoursShown = (page: Page) => {
  const { searchParams } = new URL(page.url());
  return (Date.parse(searchParams.get('to') ?? '') - Date.parse(searchParams.get('from') ?? '')) / 3_600_000;
};

/** From a day of the site by dragging into it, and back as the browser goes back. */
export const zoomIntoTheSite = async (page: Page) => {
  await page.getByRole('link', { name: 'Telemetry', exact: true }).click();
  await page.getByText('5-minute means').waitFor();
  await figure(page, 'Hashrate').waitFor();
  await dragOver(page, 'Hashrate');
  await page.waitForURL(/from=.*to=/);
  expect(hoursShown(page)).toBeGreaterThan(8);
  expect(hoursShown(page)).toBeLessThan(11);
  await page.getByRole('button', { name: 'Reset zoom' }).waitFor();
  await page.goBack();
  await page.waitForURL((url) => !url.searchParams.has('from'));
};

/** From a square of the heatmap to its miner. Ends on the miner's page. */
export const openFromHeatmap = async (page: Page, minerId: string) => {
  await page.getByRole('tab', { name: 'Heatmap' }).click();
  await page.waitForURL('**/telemetry/heatmap');
  const map = page.getByRole('application', { name: 'Heatmap' });
  await map.focus();
  const status = page.getByRole('status').filter({ hasText: minerId });
  for (let step = 0; step < 60 && (await status.count()) === 0; step++)
    await page.keyboard.press('ArrowRight');
  const [frame, square] = [await map.boundingBox(), await map.locator('.mark').boundingBox()];
  if (!frame || !square) throw new Error(`${minerId} is not on the heatmap`);
  await page.mouse.click(square.x + square.width / 2, square.y + square.height / 2);
  await page.waitForURL(`**/miners/${minerId}`);
};

/** Down to every sample by keys, and the same as a table, whose values are those that the API gives. */
export const readEverySample = async (page: Page, minerId: string) => {
  await figure(page, 'Hashrate').waitFor();
  await page.getByRole('button', { name: '1 h', exact: true }).click();
  await page.getByRole('button', { name: '1 h', exact: true, pressed: true }).waitFor();
  await page.getByText('every sample').waitFor();
  await charts(page).focus();
  await page.keyboard.press('+');
  await page.waitForURL(/from=.*to=/);
  expect(hoursShown(page)).toBeCloseTo(0.5, 2);
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  // From then on no answer to the page before can be meant.
  await page.reload({ waitUntil: 'commit' });
  const answered = await page.waitForResponse((response) => {
    const { pathname, searchParams } = new URL(response.url());
    return pathname.endsWith(`/miners/${minerId}/series`) && searchParams.has('fields') && response.ok();
  });
  const answer = minerSeriesAnswer.parse(await answered.json());
  expect(answer.resolution).toBe('raw');
  expect(answer.count).toBeGreaterThan(3);
  await page.getByRole('button', { name: 'Table', exact: true }).click();
  await page.waitForURL(/view=table/);
  const rows = page.getByRole('table', { name: 'Table' }).locator('tbody tr:has(time)');
  await rows.first().waitFor();
  const shown = await rows.evaluateAll((all) =>
    all.map((row) => ({
      at: row.querySelector('time')?.dateTime,
      hashrate: row.querySelectorAll('td, th')[1]?.textContent,
    })),
  );
  const format = new Intl.NumberFormat('en-GB', { minimumFractionDigits: 2, maximumFractionDigits: 6 });
  const known = new Map(
    answer.at.map((at, row) => [
      new Date(at).toISOString(),
      answer.fields.hashrate_ths?.value?.[row] ?? null,
    ]),
  );
  const told = shown.filter(({ hashrate }) => hashrate !== '–');
  expect(told.length).toBeGreaterThan(3);
  for (const { at = '', hashrate } of told) expect(hashrate).toBe(format.format(known.get(at) ?? Number.NaN));
};
