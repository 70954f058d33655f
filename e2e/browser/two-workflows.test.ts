/** Nothing in the page knows the shop. */
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findChromium } from './console.ts';
import { openTwoWorkflows } from './two-workflows.ts';

let browser: Browser;
let served: Awaited<ReturnType<typeof openTwoWorkflows>>;
beforeAll(async () => {
  browser = await chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox'] });
  served = await openTwoWorkflows();
});
afterAll(async () => {
  await browser?.close();
  await served?.close();
});

it('shows two workflows as two, each with its own words and steps', async () => {
  const page = await browser.newPage();
  await page.goto(served.url);
  const views = page.getByRole('navigation', { name: 'Views' });
  await views.getByRole('link', { name: 'rentals' }).waitFor();
  await page.getByRole('button', { name: 'A table for two' }).click();
  await page.locator('.pill', { hasText: 'completed' }).waitFor();
  const readSteps = () => page.locator('.step h3').allInnerTexts();
  expect(await readSteps()).toEqual(['hold-table', 'take-deposit']);
  await views.getByRole('link', { name: 'rentals' }).click();
  await page.getByText('There are no rentals yet.').waitFor();
  await page.getByRole('button', { name: 'A boat in a storm' }).click();
  await page.locator('.pill', { hasText: 'undone' }).waitFor();
  expect(await readSteps()).toEqual(['reserve-boat', 'check-weather']);
  expect(await page.locator('.count').innerText()).toBe('1 rental');
  await views.getByRole('link', { name: 'books' }).click();
  await page.getByText(/There are no books to show/).waitFor();
  const text = await page.locator('body').innerText();
  expect(text).not.toMatch(/\border|EUR|payment/i);
  await page.close();
});
