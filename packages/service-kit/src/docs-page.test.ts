import { serviceContracts } from '@baton/contracts';
import express from 'express';
import supertest from 'supertest';
import { expect, it } from 'vitest';
import { createDocsRouter } from './docs-page.ts';

const app = express().use(createDocsRouter());
const get = (path: string) => supertest(app).get(path);
const outside = /(?:https?:)?\/\/[a-z0-9-]+\.[a-z]/i;

it('loads nothing from elsewhere, and its policy would not let it', async () => {
  const page = await get('/docs');
  expect(page.status).toBe(200);
  expect(page.text).not.toMatch(outside);
  expect((await get('/docs/initializer.js')).text).not.toMatch(outside);
  const policy = String(page.headers['content-security-policy']);
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/unsafe|https?:|\*/);
});

it('serves every address that the page names', async () => {
  const page = await get('/docs');
  const initializer = await get('/docs/initializer.js');
  const named = `${page.text}${initializer.text}`.match(/\/docs\/[\w./-]+/g) ?? [];
  // Besides the contracts, what Swagger's page is made of.
  expect(named).toHaveLength(serviceContracts.size + 4);
  for (const path of named) expect([path, (await get(path)).status]).toEqual([path, 200]);
});

it('shows the contract of every service', async () => {
  const { body } = await get('/docs/contracts/payment-service.json');
  expect(Object.keys(body.paths)).toContain('/refund');
});

it('serves no other file of the package', async () => {
  expect((await get('/docs/package.json')).status).toBe(404);
  expect((await get('/docs/index.html')).status).toBe(404);
});
