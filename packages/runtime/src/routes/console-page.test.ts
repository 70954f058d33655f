import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import supertest from 'supertest';
import { expect, it, onTestFinished } from 'vitest';
import { mountConsole } from './console-page.ts';

function serve(isBuilt: boolean) {
  const folder = mkdtempSync(join(tmpdir(), 'baton-page-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  if (isBuilt) {
    mkdirSync(join(folder, 'console'));
    writeFileSync(join(folder, 'index.html'), '<!doctype html>');
    writeFileSync(join(folder, 'console', 'index-1.js'), '');
  }
  const router = express.Router();
  mountConsole(router, folder);
  return supertest(express().use(router));
}

it('serves the page under a policy that lets in nothing from elsewhere, and nothing inline', async () => {
  const page = await serve(true).get('/');
  expect([page.status, page.headers['cache-control']]).toEqual([200, 'no-cache']);
  const policy = String(page.headers['content-security-policy']);
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/unsafe|https?:|data:|\*/);
});

it('lets browsers keep the files that the page names, and no others', async () => {
  const file = await serve(true).get('/console/index-1.js');
  expect([file.status, file.headers['cache-control']]).toEqual([
    200,
    'public, max-age=31536000, immutable',
  ]);
  expect((await serve(true).get('/console/../index.html')).status).toBe(404);
  expect((await serve(true).get('/console/other.js')).status).toBe(404);
});

it('leads to the contracts where the page was never built', async () => {
  const answer = await serve(false).get('/');
  expect([answer.status, answer.headers.location]).toEqual([302, '/docs']);
});
