/** The whole: a fault that is set and mended by clicking, a take-over, and a connection that comes back. */
import { createOrchestratorClient } from '@baton/service-kit';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type Console, openConsole } from './console.ts';

let shown: Console;
let page: Page;
beforeAll(async () => {
  shown = await openConsole();
});
afterEach(async () => {
  await page.close();
  expect(shown.complaints).toEqual([]);
});
afterAll(() => shown?.close());

const order = {
  customerId: 'ada',
  lines: [{ sku: 'mug', quantity: 1 }],
  payment: { method: 'card', token: 'tok_ok' },
} as const;

async function listOrders(): Promise<readonly string[]> {
  const client = createOrchestratorClient({ baseUrl: shown.url });
  const ids: string[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const listed = await client.listOrders({ limit: 100, ...(cursor && { cursor }) });
    if (!listed.ok) throw new Error(listed.code);
    ids.push(...listed.body.orders.map(({ orderId }) => orderId));
    cursor = listed.body.nextCursor;
  }
  await client.close();
  return ids;
}

/** But for those that need somebody. */
async function untilAllEnded(): Promise<void> {
  for (const status of ['accepted', 'running', 'compensating']) {
    await page.getByLabel('Show').selectOption(status);
    const read = () => page.locator('.count').innerText();
    await expect.poll(read, { timeout: 240_000 }).toMatch(/^0 orders/);
  }
}

it('breaks a service by clicking, counts what it hit, and mends it', async () => {
  page = await shown.open('#/system');
  await page.getByRole('button', { name: 'Break… inventory-service' }).click();
  const form = page.getByRole('form', { name: 'Break inventory-service' });
  await form.getByLabel('When asked to').selectOption('inventory.reserve');
  await form.getByLabel(/^What happens/).selectOption('status');
  await form.getByLabel(/first … attempts/).fill('1');
  await form.getByRole('button', { name: 'Break it' }).click();
  const broken = page.getByRole('region', { name: 'Broken on purpose' });
  await broken.getByText('inventory.reserve answers 503, nothing is done').waitFor();
  // The button that had the focus is gone with its form.
  const readFocus = () => page.evaluate<string>('document.activeElement?.textContent');
  expect(await readFocus()).toBe('Break… inventory-service');
  const client = createOrchestratorClient({ baseUrl: shown.url });
  const placed = await client.placeOrder(order, { waitSeconds: 20 });
  await client.close();
  expect(placed).toMatchObject({ ok: true, body: { status: 'completed' } });
  await broken.getByText('1 hit seen').waitFor();
  // Whoever comes later has the figures of before.
  const later = await shown.open('#/system');
  await later
    .locator('dl > div', { hasText: 'half took less than' })
    .getByText(/\d m?s$/)
    .waitFor();
  await later.close();
  const mend = broken.getByRole('button', { name: 'Mend inventory.reserve' });
  await page.route('**/faults/*', (route) => route.abort());
  await mend.click();
  await broken.getByRole('alert').waitFor();
  await page.unroute('**/faults/*');
  await mend.click();
  await broken.getByText('Nothing is, but').waitFor();
  expect(await readFocus()).toBe('Broken on purpose');
});

it('breaks a service for one order alone, from its page', async () => {
  page = await shown.open();
  await page.getByRole('button', { name: 'An undo is refused' }).click();
  await page.locator('.pill', { hasText: 'may need an operator' }).waitFor();
  const orderId = new URL(page.url()).hash.split('/').at(-1) ?? '';
  await page.getByRole('link', { name: 'Break inventory-service for this order' }).click();
  const form = page.getByRole('form', { name: 'Break inventory-service' });
  expect(await form.getByLabel('Only the order').inputValue()).toBe(orderId);
  await form.getByRole('button', { name: 'Break it' }).click();
  await page.getByText(`order ${orderId}`).waitFor();
  await page.getByRole('button', { name: 'Mend all' }).click();
});

it('plays chaos from a seed, after which every order has ended', async () => {
  page = await shown.open('#/orders');
  await page.getByText('Many at once').click();
  await page.getByRole('slider').fill('10');
  await page.getByRole('link', { name: 'system' }).click();
  // This seed lets no process crash: nobody would start it again here.
  await page.getByLabel('seed').fill('375');
  await page.getByRole('button', { name: 'Chaos for 20 s' }).click();
  // Load and chaos go on, whichever view is shown.
  await page.getByRole('link', { name: 'books' }).click();
  await page.getByText('This page places 10 orders a second').waitFor();
  await page.getByRole('link', { name: 'system' }).click();
  await page.getByRole('button', { name: 'Chaos…' }).waitFor();
  await page
    .getByText(/[1-9]\d* hits? seen/)
    .first()
    .waitFor();
  await page.getByRole('button', { name: 'Chaos for 20 s' }).waitFor({ timeout: 60_000 });
  await page.getByRole('link', { name: 'change that' }).click();
  await page.getByRole('slider').fill('0');
  await untilAllEnded();
});

it('shows a breaker that opens, when it is tried next, and the alert for it', async () => {
  page = await shown.open('#/system');
  await page.getByRole('button', { name: 'Break… order-service' }).click();
  const form = page.getByRole('form', { name: 'Break order-service' });
  await form.getByLabel(/^What happens/).selectOption('status');
  await form.getByRole('button', { name: 'Break it' }).click();
  // Orders that are placed before that would come through.
  await page.getByText('order.validate answers 503, nothing is done').first().waitFor();
  const client = createOrchestratorClient({ baseUrl: shown.url });
  await Promise.all(Array.from({ length: 10 }, () => client.placeOrder(order)));
  await client.close();
  const card = page.locator('.participant', { hasText: 'order-service' });
  await card.getByText(/left alone: calls are held back|tried with one call/).waitFor();
  await page.getByText(/order-service fails or does not answer/).waitFor();
  await page.getByRole('button', { name: 'Mend all' }).click();
  await card.getByText('well', { exact: true }).waitFor({ timeout: 60_000 });
});

it('shows who took over, how long it took, and every order once', async () => {
  page = await shown.open('#/orders');
  await page.getByText('Many at once').click();
  await page.getByRole('slider').fill('40');
  await page.getByText(/[1-9]\d accepted/).waitFor();
  const untilTakenOver = await shown.standBy();
  await shown.kill('orchestrator');
  await untilTakenOver();
  await page.getByText(/Another orchestrator took over .* after the connection was lost/).waitFor();
  await page.getByRole('slider').fill('0');
  const count = page.locator('.count');
  const readToTheEnd = async (): Promise<string> => {
    await page.evaluate('document.querySelector(".rows").scrollTo(0, 1e9)');
    return count.innerText();
  };
  // The last ones may still be on their way.
  await expect
    .poll(async () => [await readToTheEnd(), await listOrders()], { timeout: 120_000 })
    .toSatisfy(([told, ids]) => told === `${ids.length} orders`);
  const ids = await listOrders();
  expect(new Set(ids).size).toBe(ids.length);
  await untilAllEnded();
});

/** Orders that are under way for some seconds. */
async function placeSlowly(count: number): Promise<void> {
  const client = createOrchestratorClient({ baseUrl: shown.url });
  const baggage = 'baton.fault=payment.process:latency:ms=3000:times=1';
  const placed = Array.from({ length: count }, () => client.placeOrder(order, { baggage }));
  for (const { ok } of await Promise.all(placed)) expect(ok).toBe(true);
  await client.close();
}

/** Those that needed somebody before need somebody still. */
const nothingLost =
  /^Of \d+ orders that this page knew to be open then, ([5-9]|\d\d+) completed, \d+ undone, \d still open, 0 lost\.$/;

async function killByClicking(name: string): Promise<void> {
  await page.getByRole('button', { name: `Break… ${name}`, exact: true }).click();
  await page.getByRole('button', { name: `Kill ${name}`, exact: true }).click();
}

it('kills a service by clicking, says how long it was gone, and that nothing was lost', async () => {
  page = await shown.open('#/system');
  await placeSlowly(5);
  await killByClicking('payment-service');
  const card = page.getByRole('region', { name: /^payment-service was killed/ });
  await card.getByText('It does not serve yet.').waitFor();
  await shown.start('payment-service');
  await card.getByText(/^It served again after \d+(\.\d)? m?s\.$/).waitFor();
  await card.getByText(nothingLost).waitFor({ timeout: 120_000 });
  await card.getByText('✓ add up').waitFor({ timeout: 60_000 });
});

it('says who does not answer while a service stays dead, and calls no books wrong', async () => {
  page = await shown.open('#/system');
  await placeSlowly(5);
  await killByClicking('payment-service');
  const card = page.getByRole('region', { name: /^payment-service was killed/ });
  await card.getByText('Nobody had started it again within 10 s.').waitFor({ timeout: 60_000 });
  await card.getByText('no answer from payment-service').waitFor();
  await shown.start('payment-service');
  await card.getByText('✓ add up').waitFor({ timeout: 120_000 });
});

it('kills the orchestrator by clicking, and shows that the one that takes over lost nothing', async () => {
  page = await shown.open('#/system');
  const untilTakenOver = await shown.standBy();
  await placeSlowly(5);
  await killByClicking('orchestrator');
  await untilTakenOver();
  const card = page.getByRole('region', { name: /^orchestrator was killed/ });
  await card.getByText(/^Another process served again after \d+(\.\d)? m?s\.$/).waitFor();
  await card.getByText(nothingLost).waitFor({ timeout: 120_000 });
  await card.getByText('✓ add up').waitFor({ timeout: 60_000 });
});

it('kills the standby by clicking, and says when another one stands by', async () => {
  page = await shown.open('#/system');
  await shown.standBy();
  await page.getByText('would take over').waitFor();
  await killByClicking('standby');
  const card = page.getByRole('region', { name: /^standby was killed/ });
  await card.getByText('It does not stand by yet.').waitFor();
  const untilTakenOver = await shown.standBy();
  await card.getByText(/^Another process stood by after \d+(\.\d)? m?s\.$/).waitFor();
  await killByClicking('orchestrator');
  await untilTakenOver();
});

it('says that nobody answers, keeps what it shows, and goes on when somebody does', async () => {
  page = await shown.open();
  await page.getByRole('button', { name: 'All is well' }).click();
  await page.locator('.row').first().waitFor();
  const rows = await page.locator('.row').count();
  await shown.kill('orchestrator');
  await page.getByText('no answer — trying again').waitFor();
  expect(await page.locator('.row').count()).toBe(rows);
  await shown.start('orchestrator');
  await page.getByText('live', { exact: true }).waitFor();
});

it('shows the last known prices while nobody answers, says so, and takes an order for them', async () => {
  page = await shown.open();
  await shown.kill('order-service');
  await page.getByText('One of your own').click();
  await page.getByText(/^Prices as of .*: nobody answers\.$/).waitFor();
  await page.getByLabel(/^Mug/).fill('3');
  await page.getByRole('button', { name: 'Place it for 36.00 EUR' }).click();
  await page.getByText('3 mug').waitFor();
  await page.getByText(/validate, at order-service: nobody listens there/).waitFor();
  await shown.start('order-service');
  await page.locator('.pill', { hasText: 'completed' }).waitFor({ timeout: 120_000 });
});
