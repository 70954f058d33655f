import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { canCompare, findBreaks } from './contract-change.ts';

// biome-ignore lint/suspicious/noExplicitAny: a test changes what it likes of a document.
type Document = any;

const landed = readFileSync(
  new URL('../docs/openapi/payment-service.json', import.meta.url),
  'utf8',
);

const post = (document: Document) => document.paths['/process'].post;
const request = (document: Document) =>
  post(document).requestBody.content['application/json'].schema;
const reply = (document: Document) =>
  post(document).responses[200].content['application/json'].schema;
const problem = (document: Document) =>
  post(document).responses[409].content['application/problem+json'];
/** By its name: it is shared. */
const amount = (document: Document) => document.components.schemas.Money;

function change(mend: (document: Document) => void): string {
  const document = JSON.parse(landed);
  mend(document);
  return JSON.stringify(document);
}

const breaking: readonly (readonly [string, RegExp, (document: Document) => void])[] = [
  [
    'a field is required',
    /required request property `note`/,
    (document) => {
      request(document).properties.note = { type: 'string' };
      request(document).required.push('note');
    },
  ],
  [
    'a field of a request is gone',
    /removed the request property `method`/,
    (document) => {
      delete request(document).properties.method;
      request(document).required = ['orderId', 'amount', 'token'];
    },
  ],
  [
    'a field of a reply is gone',
    /removed the required property `paymentId`/,
    (document) => {
      delete reply(document).properties.paymentId;
      reply(document).required = ['orderId'];
    },
  ],
  [
    'a field of a reply may be missing',
    /`paymentId` became optional/,
    (document) => {
      reply(document).required = ['orderId'];
    },
  ],
  [
    'a header is required',
    /`baton-attempt` became required/,
    (document) => {
      post(document).parameters[1].required = true;
    },
  ],
  [
    'the status of a reply is gone',
    /removed the success response with the status `200`/,
    (document) => {
      const { responses } = post(document);
      responses[201] = responses[200];
      delete responses[200];
    },
  ],
  [
    'the status of a problem is gone',
    /non-success response with the status `409`/,
    (document) => {
      delete post(document).responses[409];
    },
  ],
  [
    'a problem’s code is gone',
    /removed the `payment-declined` enum value/,
    (document) => {
      delete problem(document).examples['payment-declined'];
    },
  ],
  [
    'a problem’s code is new, which old callers do not take for a refusal',
    /added the new `no-funds`/,
    (document) => {
      problem(document).examples['no-funds'] = {};
    },
  ],
  [
    'a value is no longer taken',
    /removed the enum value `USD`/,
    (document) => {
      amount(document).properties.currency = { type: 'string', enum: ['EUR'] };
    },
  ],
  [
    'a type is narrowed',
    /changed from `string`\/`` to `boolean`/,
    (document) => {
      request(document).properties.token = { type: 'boolean' };
    },
  ],
  [
    'a bound is narrowed',
    /max was decreased/,
    (document) => {
      amount(document).properties.amountMinor.maximum = 5;
    },
  ],
  [
    'one value alone is taken',
    /`token` was restricted to a list of enum values/,
    (document) => {
      request(document).properties.token = { type: 'string', const: 'tok_ok' };
    },
  ],
  [
    'a reply may be null',
    /`paymentId` became nullable/,
    (document) => {
      reply(document).properties.paymentId.type = ['string', 'null'];
    },
  ],
  [
    'a path is gone',
    /api path removed/,
    (document) => {
      delete document.paths['/refund'];
    },
  ],
];

/** npm has no oasdiff for every machine that these tests may run on; CI's has one. */
const judged = it.runIf(process.env.CI !== undefined || (await canCompare()));

describe('a contract breaks its callers when', () => {
  judged.each(breaking)('%s', async (_name, said, mend) => {
    const after = change(mend);
    expect((await findBreaks(landed, after)).join('\n')).toMatch(said);
    const raised = change((document) => {
      mend(document);
      document.info.version = '99';
    });
    expect(await findBreaks(landed, raised)).toEqual([]);
  });
});

judged.each<readonly [string, (document: Document) => void]>([
  ['nothing is changed', () => {}],
  [
    'a field may be sent',
    (document) => {
      request(document).properties.note = { type: 'string' };
    },
  ],
  [
    'a reply says more',
    (document) => {
      reply(document).properties.note = { type: 'string' };
      reply(document).required.push('note');
    },
  ],
  [
    'a path is new',
    (document) => {
      document.paths['/more'] = document.paths['/refund'];
    },
  ],
])('no caller is broken when %s', async (_name, mend) => {
  expect(await findBreaks(landed, change(mend))).toEqual([]);
});

judged('says so when a document cannot be read, rather than that it breaks nobody', async () => {
  const bad = change((document) => {
    request(document).properties.note = { $ref: '#/nowhere' };
  });
  await expect(findBreaks(landed, bad)).rejects.toThrow(/nowhere/);
});
