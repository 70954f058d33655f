/** What every view owes its reader: it can be read by all, at every width, with the keyboard alone, and is small. */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { type Console, openConsole, type View } from './console.ts';

let shown: Console;
/** Of an order that needs somebody: it shows the most. */
let stuck: string;
beforeAll(async () => {
  shown = await openConsole();
  const page = await shown.open();
  await page.getByRole('button', { name: 'An undo is refused' }).click();
  await page.locator('.pill', { hasText: 'may need an operator' }).waitFor();
  stuck = new URL(page.url()).hash;
  await page.close();
});
afterAll(async () => {
  await shown?.close();
  expect(shown.complaints).toEqual([]);
});

async function open(hash: string, view: View = {}): Promise<Page> {
  const page = await shown.open(hash, view);
  onTestFinished(() => page.close());
  await page.locator('h1').first().waitFor({ state: 'attached' });
  return page;
}

const views = [
  ['a newcomer’s first view', () => ''],
  ['an order', () => stuck],
  ['the system', () => '#/system'],
  ['the books', () => '#/books'],
] as const;
const schemes = ['light', 'dark'] as const;
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

it.each(
  views.flatMap(([name, toHash]) => schemes.map((scheme) => [name, scheme, toHash] as const)),
)('axe finds nothing wrong with %s in %s', async (_name, colorScheme, toHash) => {
  const page = await open(toHash(), { colorScheme });
  if (toHash() === '#/system')
    await page
      .getByRole('button', { name: /^Break…/ })
      .last()
      .click();
  for (const summary of await page.locator('summary').all()) await summary.click();
  expect(await listViolations(page)).toEqual([]);
});

async function listViolations(page: Page): Promise<readonly string[]> {
  // Evaluated from outside, it is not held by the page's policy.
  await page.evaluate(axe);
  const { violations } = await page.evaluate<{ violations: readonly Violation[] }>('axe.run()');
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

it.each(schemes)(
  'axe finds nothing wrong with what a person meets on the way in %s',
  async (colorScheme) => {
    const page = await open(stuck, { colorScheme });
    await page.getByRole('button', { name: 'Try now…' }).click();
    expect(await listViolations(page)).toEqual([]);
    await page.route('**/retry', (route) => route.fulfill({ status: 401, json: {} }));
    await page.getByLabel(/^Why/).fill('mended');
    await page.getByRole('button', { name: 'Try now', exact: true }).click();
    await page.getByRole('dialog').waitFor();
    expect(await listViolations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Not now' }).click();
    await page.getByRole('alert').waitFor();
    await page.route('**/events', (route) => route.abort());
    await page.reload();
    await page.getByText('no answer — trying again').waitFor();
    expect(await listViolations(page)).toEqual([]);
  },
);

const widths = [360, 768, 1280, 3840] as const;

it.each(views.flatMap(([name, toHash]) => widths.map((width) => [name, width, toHash] as const)))(
  '%s fits %i pixels',
  async (_name, width, toHash) => {
    const page = await open(toHash(), { width });
    const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
    expect(await page.evaluate(overflow)).toBe(0);
  },
);

it('places an order, finds it in the list and comes back, with the keyboard alone', async () => {
  const page = await open('');
  const press = async (key: string, until: string): Promise<void> => {
    for (let times = 0; times < 40; times += 1) {
      await page.keyboard.press(key);
      const focused = await page.evaluate<string>('document.activeElement?.textContent ?? ""');
      if (focused.includes(until)) return;
    }
    throw new Error(`${key} never leads to ${until}`);
  };
  await press('Tab', 'All is well');
  await page.keyboard.press('Enter');
  await page.locator('.pill', { hasText: 'completed' }).waitFor();
  // The button that had the focus is gone: a reader goes on at the order's heading.
  expect(await page.evaluate('document.activeElement?.id')).toBe('run-title');
  expect(await page.title()).toMatch(/^ord_\w+ · Baton$/);
  await press('Shift+Tab', 'completed');
  const first = page.url();
  await press('ArrowDown', 'may need an operator');
  await page.keyboard.press('Enter');
  await page.locator('.pill', { hasText: 'may need an operator' }).waitFor();
  expect(page.url()).toContain(stuck);
  await page.goBack();
  expect(page.url()).toBe(first);
});

it('keeps its filters when it is loaded again', async () => {
  const page = await open('');
  await page.getByLabel('Show').selectOption('stuck');
  await expect.poll(() => page.locator('.count').innerText()).toBe('1 order');
  await page.reload();
  await expect.poll(() => page.locator('.count').innerText()).toBe('1 order');
  expect(await page.getByLabel('Show').inputValue()).toBe('stuck');
});

it('keeps its filters while an order, or another view, is looked at', async () => {
  const page = await open('');
  const read = () => page.getByLabel('Show').inputValue();
  await page.getByLabel('Show').selectOption('stuck');
  await page.getByRole('link', { name: 'system' }).click();
  await page.getByRole('link', { name: 'orders', exact: true }).click();
  expect(await read()).toBe('stuck');
  await page.locator('.row').click();
  await page
    .locator('.go-back')
    .evaluate((link) => (link as unknown as { click: () => void }).click());
  await page.getByRole('heading', { name: 'Every accepted order ends whole' }).waitFor();
  expect(await read()).toBe('stuck');
});

it('says what is not there', async () => {
  const page = await shown.open('#/orders/ord_nowhere');
  onTestFinished(() => page.close());
  await page.getByText('No such order').waitFor();
});

it('says so where only the story of an order cannot be read', async () => {
  const page = await open('#/books');
  await page.route('**/story', (route) => route.abort());
  await page.goto(`${shown.url}/${stuck}`);
  await page.getByText('The orchestrator does not answer.').waitFor();
});

it('keeps the reason of an act that is impossible for a while, and says why it was refused', async () => {
  const page = await open('#/books');
  let retry = true;
  await page.route('**/story', async (route) => {
    const story = await (await route.fetch()).json();
    await route.fulfill({ json: { ...story, mayDo: { cancel: false, retry, skip: [] } } });
  });
  await page.route('**/retry', (route) =>
    route.fulfill({ status: 409, json: { title: 'Too late' } }),
  );
  await page.goto(`${shown.url}/${stuck}`);
  await page.getByRole('button', { name: 'Try now…' }).click();
  await page.getByLabel(/^Why/).fill('mended');
  retry = false;
  for (let times = 0; times < 2; times += 1) await page.waitForResponse('**/story');
  await page.getByRole('button', { name: 'Try now', exact: true }).click();
  await page.getByRole('alert').getByText('Too late').waitFor();
  expect(await page.getByLabel(/^Why/).inputValue()).toBe('mended');
  await page.getByRole('button', { name: 'Try now…' }).click();
  await expect.poll(() => page.getByRole('button', { name: /^Try now/ }).count()).toBe(0);
  await page.getByRole('alert').getByText('Too late').waitFor();
});

it('draws the newest part of a long history, and says how much it leaves out', async () => {
  const page = await open('#/books');
  await page.route('**/story', async (route) => {
    const story = await (await route.fetch()).json();
    const told = Array.from({ length: 1_250 }, (_, place) => ({
      ...story.told[0],
      seq: place + 1,
    }));
    await route.fulfill({ json: { ...story, told, spans: told.map(() => story.spans[0]) } });
  });
  await page.goto(`${shown.url}/${stuck}`);
  await page.getByText('1,050 earlier events not shown.').waitFor();
  await page.getByText('1,050 earlier parts not shown.').waitFor();
  expect(await page.locator('.story li').count()).toBe(200);
});

it('reads an order again and again only as long as it is open', async () => {
  const page = await shown.open();
  onTestFinished(() => page.close());
  await page.clock.install();
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  const readAgain = async (hash: string, status: string): Promise<number> => {
    await page.goto(`${shown.url}/${hash}`);
    await page.locator('.pill', { hasText: status }).waitFor();
    await page.clock.runFor(5_000);
    asked.length = 0;
    await page.clock.runFor(10_000);
    return asked.filter((path) => path.endsWith('/story')).length;
  };
  expect(await readAgain(stuck, 'may need an operator')).toBeGreaterThan(0);
  await page.getByRole('button', { name: 'All is well' }).click();
  await page.locator('.pill', { hasText: 'completed' }).waitFor();
  expect(await readAgain(new URL(page.url()).hash, 'completed')).toBe(0);
});

const built = new URL('../../apps/console/dist/console/', import.meta.url);

it('is at most 60 KB of JavaScript, and asks nobody else for anything', async () => {
  const scripts = readdirSync(built).filter((name) => name.endsWith('.js'));
  const sizes = scripts.map((name) => gzipSync(readFileSync(new URL(name, built))).length);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(60 * 1024);
  const page = await open('');
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.reload();
  await page.getByText('live', { exact: true }).waitFor();
  expect(asked.filter((url) => !url.startsWith(`${shown.url}/`))).toEqual([]);
  expect(asked.length).toBeGreaterThan(3);
});
