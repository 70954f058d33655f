/** Ten thousand orders in the list and two hundred a second arriving: as ratios, and in the time of the page’s own thread, since machines differ. */
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { findChromium } from './console.ts';
import { openCrowd } from './crowd.ts';
import { traceTasks } from './main-thread.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox'] });
});
afterAll(() => browser?.close());

const measuredMs = 5_000;

async function open(orders: number) {
  const crowd = await openCrowd(orders);
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  onTestFinished(async () => {
    await page.close();
    await crowd.close();
  });
  await page.goto(crowd.url);
  const count = page.locator('.count');
  const rows = page.locator('.rows');
  await rows.waitFor();
  // Each time the end of the list comes near, a hundred more are asked for.
  await expect
    .poll(
      async () => {
        await page.evaluate('document.querySelector(".rows").scrollTo(0, 1e9)');
        return count.innerText();
      },
      { interval: 5 },
    )
    .toBe(`${orders.toLocaleString('en-US')} orders`);
  await page.evaluate('document.querySelector(".rows").scrollTo(0, 0)');
  return { page, crowd };
}

/** Seconds that the page itself works, while it is told of so many orders a second. */
async function measureWork(page: Page): Promise<{ busy: number; frames: readonly number[] }> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  const readBusy = async (): Promise<number> => {
    const { metrics } = await session.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0;
  };
  const before = await readBusy();
  const frames = await page.evaluate<number[]>(`new Promise((resolve) => {
    const frames = [];
    const endsAt = performance.now() + ${measuredMs};
    let last = performance.now();
    requestAnimationFrame(function next(now) {
      frames.push(now - last);
      last = now;
      if (now < endsAt) requestAnimationFrame(next); else resolve(frames);
    });
  })`);
  return { busy: (await readBusy()) - before, frames };
}

it('has no more work with ten thousand orders in its list than with a hundred', async () => {
  const work: number[] = [];
  for (const orders of [100, 10_000]) {
    const { page, crowd } = await open(orders);
    crowd.tell(200);
    const { busy, frames } = await measureWork(page);
    const sorted = frames.toSorted((a, b) => a - b);
    const figure = (share: number) =>
      Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0);
    process.stdout.write(
      `${orders} orders: ${busy.toFixed(2)} s of work in ${measuredMs / 1_000} s, ${frames.length} frames; half within ${figure(0.5)} ms, 99 % within ${figure(0.99)} ms, all within ${figure(1)} ms\n`,
    );
    work.push(busy);
    // Only the rows in sight are in the document.
    expect(await page.locator('.row').count()).toBeLessThan(60);
  }
  expect((work[1] ?? 0) / (work[0] ?? 1)).toBeLessThan(2);
});

it('keeps its rows where they are while newer ones come, once it is scrolled', async () => {
  const { page, crowd } = await open(1_000);
  const rows = page.locator('.rows');
  await rows.hover();
  await page.mouse.wheel(0, 4_000);
  // The wheel turns before the list moves, and the pointer is over a row of before.
  await expect.poll(() => rows.evaluate(({ scrollTop }) => scrollTop)).toBe(4_000);
  await rows.hover();
  const inSight = page.locator('.row:hover');
  await inSight.waitFor();
  const id = await inSight.innerText();
  const count = await page.locator('.count').innerText();
  crowd.tell(200);
  await expect.poll(() => page.locator('.count').innerText()).not.toBe(count);
  await wait(page);
  await rows.hover();
  expect(await inSight.innerText()).toBe(id);
});

/** What a person sees as smooth. */
const taskMaxMs = 50;
const wait = (page: Page) => page.waitForTimeout(2_000);

it('has no task of more than 50 ms with ten thousand orders in its list and two hundred a second arriving', async () => {
  const { page, crowd } = await open(10_000);
  crowd.tell(200);
  const doings: readonly (readonly [what: string, work: () => Promise<void>])[] = [
    ['the list', () => wait(page)],
    ['scrolling', () => scroll(page)],
    [
      'typing what to look for',
      async () => {
        await page.getByRole('searchbox').pressSequentially('ord_0001', { delay: 100 });
        await wait(page);
      },
    ],
    [
      'what ended',
      () =>
        page
          .getByLabel('Show')
          .selectOption('completed')
          .then(() => wait(page)),
    ],
    // Beyond twelve thousand, the oldest are forgotten.
    ['the oldest forgotten', () => page.waitForTimeout(5_000)],
    ['the system', () => goTo(page, 'system')],
    ['the list again', () => goTo(page, 'orders')],
  ];
  for (const [what, work] of doings) {
    const tasks = await traceTasks(browser, work);
    process.stdout.write(`${what}: ${tasks.length} tasks, ${toWords(tasks)} ms\n`);
    expect(tasks.length, what).toBeGreaterThan(10);
    expect(tasks[0], what).toBeLessThan(taskMaxMs);
  }
});

async function scroll(page: Page): Promise<void> {
  await page.locator('.rows').hover();
  for (let times = 0; times < 40; times += 1) {
    await page.mouse.wheel(0, 300);
    await page.waitForTimeout(50);
  }
}

async function goTo(page: Page, view: string): Promise<void> {
  await page.getByRole('link', { name: view, exact: true }).click();
  await wait(page);
}

const toWords = (tasks: readonly number[]): string =>
  `the longest ${tasks
    .slice(0, 3)
    .map((ms) => ms.toFixed(1))
    .join(', ')}`;
