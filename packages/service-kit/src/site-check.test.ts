import express from 'express';
import supertest from 'supertest';
import { expect, it } from 'vitest';
import { createSiteCheck } from './site-check.ts';

const app = express();
app.use(createSiteCheck(['Shop.example', 'localhost', '127.0.0.1', '::1', 'fd00::7']));
app.use((_request, response) => void response.sendStatus(204));

const host = 'localhost:4000';
const ask = (method: 'get' | 'post' | 'put' | 'patch' | 'delete', headers: object) =>
  supertest(app)
    [method]('/')
    .set({ host, ...headers });

const foreign = [
  { 'sec-fetch-site': 'cross-site' },
  // A page on another port of this machine.
  { 'sec-fetch-site': 'same-site', origin: 'http://localhost:3000' },
  { 'sec-fetch-site': 'same-origin, cross-site' },
  { 'sec-fetch-site': '' },
  { origin: 'http://evil.example' },
  { origin: 'http://localhost:3000' },
  { origin: 'http://localhost' },
  { origin: 'http://localhost:9999' },
  { origin: 'http://127.0.0.1' },
  { origin: 'http://[::1]' },
  { origin: 'https://shop.example:8443' },
  { origin: 'null' },
  { origin: `http://evil.example/${host}` },
  { origin: `http://${host}@evil.example` },
  { origin: 'http://shop.example.evil.example' },
  { origin: `http://${host}`, 'sec-fetch-site': 'cross-site' },
];
it.each(foreign)('changes nothing for the page of %j', async (headers) => {
  for (const method of ['post', 'put', 'patch', 'delete'] as const) {
    const answer = await ask(method, headers);
    expect(answer).toMatchObject({ status: 403, body: { code: 'cross-site' } });
  }
});

it.each(foreign)('lets the page of %j ask, as it cannot read the answer', async (headers) => {
  expect((await ask('get', headers)).status).toBe(204);
});

it.each([
  {},
  { 'sec-fetch-site': 'same-origin', origin: 'https://shop.example' },
  { 'sec-fetch-site': 'none' },
  { origin: `http://${host}` },
  // Behind a proxy the host is another one.
  { origin: 'https://shop.example' },
  { origin: 'http://[fd00::7]' },
])('lets %j change what it may', async (headers) => {
  expect((await ask('post', headers)).status).toBe(204);
});
