import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import supertest from 'supertest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createStandIn, type StandIn } from './testing/stand-in/inventory.ts';
import { createTemporaryFolder } from './testing/stand-in/temporary-folder.ts';

const firstKey = 'ord_1:reserve';
const firstBody = { orderId: 'ord_1', lines: [{ sku: 'mug', quantity: 2 }] };

let standIn: StandIn;
beforeEach(() => {
  standIn = createStandIn();
});
afterEach(() => standIn.store.close());

function post(path: string, key: string | undefined, body: unknown, type = 'application/json') {
  const request = supertest(standIn.app).post(path).set('content-type', type);
  if (key !== undefined) request.set('idempotency-key', key);
  return request.send(typeof body === 'string' ? body : JSON.stringify(body));
}

function expectNothingStored() {
  expect(standIn.fences()).toBe(0);
  expect(standIn.held()).toBe(0);
}

describe('an effect over HTTP', () => {
  it('is done once however often it is asked for', async () => {
    const first = await post('/reserve', firstKey, firstBody);
    const second = await post('/reserve', firstKey, firstBody);
    expect(first.status).toBe(200);
    expect(first.body).toEqual({ orderId: 'ord_1', reservationId: 'res_ord_1' });
    expect([second.status, second.body]).toEqual([first.status, first.body]);
    expect(standIn.held()).toBe(2);
  });

  it('holds nothing when it arrives after its undo', async () => {
    const undone = await post('/release', firstKey, { orderId: 'ord_1' });
    const late = await post('/reserve', firstKey, firstBody);
    expect([undone.status, undone.body]).toEqual([200, { orderId: 'ord_1' }]);
    expect(late.status).toBe(409);
    expect(late.body).toMatchObject({ code: 'fenced', orderId: 'ord_1' });
    expect(standIn.held()).toBe(0);
  });

  it('answers the same undo whatever there was to undo', async () => {
    await post('/reserve', firstKey, firstBody);
    const refused = { orderId: 'ord_2', lines: [{ sku: 'mug', quantity: 1000 }] };
    expect((await post('/reserve', 'ord_2:reserve', refused)).body.code).toBe('out-of-stock');
    for (const orderId of ['ord_1', 'ord_1', 'ord_2', 'ord_3', 'ord_3']) {
      const answer = await post('/release', `${orderId}:reserve`, { orderId });
      expect([answer.status, answer.body]).toEqual([200, { orderId }]);
    }
    expect(standIn.held()).toBe(0);
  });

  it('keeps nothing but the refusal of an effect that wrote before it refused', async () => {
    const body = { orderId: 'ord_1', lines: [{ sku: 'mug', quantity: 1000 }] };
    const first = await post('/reserve', firstKey, body);
    const again = await post('/reserve', firstKey, body);
    expect([first.status, first.body.code, first.body.orderId]).toEqual([
      409,
      'out-of-stock',
      'ord_1',
    ]);
    expect(again.body).toEqual(first.body);
    expect(again.headers['content-type']).toBe('application/problem+json');
    expect(standIn.held()).toBe(0);
    expect(standIn.fences()).toBe(1);
  });

  it('answers 422 when the key comes with another body, even one that breaks the contract', async () => {
    await post('/reserve', firstKey, firstBody);
    for (const body of [
      { ...firstBody, lines: [{ sku: 'mug', quantity: 3 }] },
      { nonsense: true },
    ]) {
      const answer = await post('/reserve', firstKey, body);
      expect([answer.status, answer.body.code]).toEqual([422, 'key-reused']);
    }
    expect(standIn.held()).toBe(2);
  });

  it('answers 500 with no internal text and stores nothing when the effect throws', async () => {
    const body = { orderId: 'ord_1', lines: [{ sku: 'throws', quantity: 2 }] };
    const answer = await post('/reserve', firstKey, body);
    expect([answer.status, answer.body.code]).toEqual([500, 'internal-error']);
    expect(answer.text).not.toMatch(/secret|Error:|at /);
    expectNothingStored();
  });

  it('stores nothing when the effect cannot say yet, and passes on when to ask again', async () => {
    const body = { orderId: 'ord_1', lines: [{ sku: 'busy', quantity: 2 }] };
    const answer = await post('/reserve', firstKey, body);
    expect([answer.status, answer.body.code]).toEqual([503, 'unavailable']);
    expect(answer.headers['retry-after']).toBe('3');
    expectNothingStored();
  });

  it('asks to be asked again while another process holds the write lock', async () => {
    const path = join(createTemporaryFolder(), 'inventory.sqlite');
    const busy = createStandIn(path, 10);
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    const reserve = () =>
      supertest(busy.app).post('/reserve').set('idempotency-key', firstKey).send(firstBody);
    const refused = await reserve();
    expect([refused.status, refused.body.code]).toEqual([503, 'unavailable']);
    expect(refused.headers['retry-after']).toBe('1');
    other.close();
    expect((await reserve()).status).toBe(200);
    busy.store.close();
  });

  it('names the incarnation of its store in each answer', async () => {
    const answers = [
      await post('/reserve', firstKey, firstBody),
      await supertest(standIn.app).get('/nope'),
    ];
    for (const { headers } of answers) {
      expect(headers['baton-incarnation']).toBe(standIn.store.incarnation);
    }
  });
});

describe('bad input', () => {
  const deep = `{"orderId":"ord_1","lines":${'['.repeat(7_000)}${']'.repeat(7_000)}}`;
  const cases: readonly [string, unknown, string][] = [
    ['a missing field', { orderId: 'ord_1' }, 'body.lines'],
    ['no lines', { orderId: 'ord_1', lines: [] }, 'body.lines'],
    [
      'a mistyped field',
      { ...firstBody, lines: [{ sku: 'mug', quantity: '2' }] },
      'body.lines[0].quantity',
    ],
    [
      'a negative quantity',
      { ...firstBody, lines: [{ sku: 'mug', quantity: -1 }] },
      'body.lines[0].quantity',
    ],
    [
      'a fraction',
      { ...firstBody, lines: [{ sku: 'mug', quantity: 1.5 }] },
      'body.lines[0].quantity',
    ],
    ['an unknown field', { ...firstBody, extra: 1 }, 'body.extra'],
    [
      'an unknown field inside',
      { ...firstBody, lines: [{ sku: 'mug', quantity: 1, price: 0 }] },
      'body.lines[0].price',
    ],
    [
      '__proto__',
      '{"orderId":"ord_1","lines":[{"sku":"mug","quantity":1,"__proto__":{}}]}',
      'body.lines[0].__proto__',
    ],
    ["another order's id", { ...firstBody, orderId: 'ord_2' }, 'body.orderId'],
    ['an array', '[]', 'body'],
    ['malformed JSON', '{"orderId":', 'body'],
    ['a bare value', '1', 'body'],
    ['no body', '', 'body'],
    ['absurd nesting', deep, 'body.lines'],
  ];
  it.each(cases)('%s is 400, named by its path, and stores nothing', async (_name, body, path) => {
    const answer = await post('/reserve', firstKey, body);
    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.body).toMatchObject({ code: 'bad-request', status: 400 });
    const paths = answer.body.issues.map((issue: { path: string }) => issue.path);
    expect(paths.some((p: string) => p.startsWith(path))).toBe(true);
    expectNothingStored();
  });

  it.each([undefined, '', 'nonsense', 'ord_1', 'ord_1:Reserve!', 'ord_1:reserve:alt:alt'])(
    'the key %j is 400 and stores nothing',
    async (key) => {
      const answer = await post('/reserve', key, firstBody);
      expect([answer.status, answer.body.code]).toEqual([400, 'key-missing']);
      expectNothingStored();
    },
  );

  it('an undo with a broken body leaves no tombstone', async () => {
    expect((await post('/release', firstKey, { orderId: 'ord_1', extra: 1 })).status).toBe(400);
    expectNothingStored();
  });

  it('a body above the limit is 413', async () => {
    const answer = await post('/reserve', firstKey, { ...firstBody, padding: 'x'.repeat(17_000) });
    expect([answer.status, answer.body.code]).toEqual([413, 'payload-too-large']);
    expectNothingStored();
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/xml'])(
    'a body of type %s is 415',
    async (type) => {
      const answer = await post('/reserve', firstKey, firstBody, type);
      expect([answer.status, answer.body.code]).toEqual([415, 'unsupported-media-type']);
      expectNothingStored();
    },
  );

  it('a body of no bytes and no type is 400, as there must be one', async () => {
    const answer = await supertest(standIn.app).post('/reserve').set('idempotency-key', firstKey);
    expect([answer.status, answer.body.code]).toEqual([400, 'bad-request']);
    expectNothingStored();
  });

  it('an unknown query is 400', async () => {
    const answer = await supertest(standIn.app).get('/stock?sku=mug');
    expect(answer.body.issues).toEqual([{ path: 'query.sku', message: 'is not a known field' }]);
  });

  it('a path that cannot be decoded is 4xx, and named', async () => {
    expect((await supertest(standIn.app).get('/%E0%A4%A')).status).toBe(404);
    const answer = await supertest(standIn.app).get('/reservations/%ff');
    expect([answer.status, answer.body.issues]).toEqual([
      400,
      [{ path: 'path', message: 'cannot be decoded' }],
    ]);
  });

  it('a body that is not packed as it says is 400, named by its path', async () => {
    const answer = await supertest(standIn.app)
      .post('/reserve')
      .set({ 'idempotency-key': firstKey, 'content-type': 'application/json' })
      .set('content-encoding', 'gzip')
      .send(JSON.stringify(firstBody));
    expect([answer.status, answer.body.issues]).toEqual([
      400,
      [{ path: 'body', message: 'cannot be read as JSON' }],
    ]);
  });
});

describe('routing', () => {
  it.each(['get', 'put', 'delete', 'patch', 'options'] as const)(
    '%s on an effect is 405 and says what is allowed',
    async (method) => {
      const answer = await supertest(standIn.app)[method]('/reserve');
      expect([answer.status, answer.body.code]).toEqual([405, 'method-not-allowed']);
      expect(answer.headers.allow).toBe('POST');
    },
  );

  it('what a full disk has no room for is unavailable, and is done once there is room', async () => {
    standIn.store.db.exec('PRAGMA max_page_count = 1');
    const reserve = (n: number) =>
      post('/reserve', `ord_${n}:reserve`, { ...firstBody, orderId: `ord_${n}` });
    let n = 0;
    let answer = await reserve(n);
    for (; answer.status === 200; n += 1) answer = await reserve(n);
    expect([answer.status, answer.body.code]).toEqual([503, 'unavailable']);
    expect(answer.headers['retry-after']).toBe('1');
    standIn.store.db.exec('PRAGMA max_page_count = 1000000');
    expect((await reserve(n)).status).toBe(200);
    expect((await supertest(standIn.app).get('/health/ready')).body.checks).toEqual({
      store: 'ok',
    });
  });

  it('an unknown path is a 404 problem', async () => {
    const answer = await supertest(standIn.app).get('/nope');
    expect([answer.status, answer.body.code]).toEqual([404, 'not-found']);
    expect(answer.headers['content-type']).toBe('application/problem+json');
  });

  it.each(['localhost:1', '127.0.0.1', '[::1]:4002', 'LOCALHOST'])(
    'Host %s is answered',
    async (host) => {
      expect((await supertest(standIn.app).get('/stock').set('host', host)).status).toBe(200);
    },
  );

  it.each(['evil.example', 'localhost.evil.example', '127.0.0.1.evil:80', 'a b', ''])(
    'Host %j is misdirected',
    async (host) => {
      const answer = await supertest(standIn.app).get('/stock').set('host', host);
      expect([answer.status, answer.body.code]).toEqual([421, 'misdirected-request']);
    },
  );

  it('reads, health, metrics and the contract are served, without naming Express', async () => {
    await post('/reserve', firstKey, firstBody);
    const stock = await supertest(standIn.app).get('/stock');
    expect(stock.body.products).toEqual([{ sku: 'mug', onHand: 100, free: 98, held: 2 }]);
    expect(stock.headers['x-powered-by']).toBeUndefined();
    expect((await supertest(standIn.app).get('/health/live')).body).toEqual({ status: 'live' });
    expect((await supertest(standIn.app).get('/health/ready')).status).toBe(200);
    expect((await supertest(standIn.app).get('/openapi.json')).body.openapi).toBe('3.1.0');
    const metrics = await supertest(standIn.app).get('/metrics');
    expect(metrics.text).toMatch(
      /http_route="\/reserve",http_request_method="POST",http_response_status_code="200"/,
    );
  });

  describe('metrics', () => {
    const openMetrics = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
    const text = 'text/plain; version=0.0.4; charset=utf-8';
    const scrape = (accept: string) => supertest(standIn.app).get('/metrics').set('accept', accept);

    it.each([
      ['no particular text', '*/*', text],
      ['a browser', 'text/html,application/xhtml+xml,*/*;q=0.8', text],
      ['text of any version', 'text/plain', text],
      ['what there is not', 'application/json', text],
      ['OpenMetrics', 'application/openmetrics-text', openMetrics],
      ['the older text rather', `${openMetrics};q=0.1, ${text};q=0.9`, text],
      ['OpenMetrics of another version', 'application/openmetrics-text;version=0.0.1', text],
      [
        'Prometheus 2',
        'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
        openMetrics,
      ],
      [
        'Prometheus 3',
        'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1',
        openMetrics,
      ],
      [
        'Prometheus 3 with old names',
        'application/openmetrics-text;version=1.0.0;escaping=underscores;q=0.5,text/plain;version=0.0.4;q=0.2',
        openMetrics,
      ],
    ])('for %s', async (_who, accept, type) => {
      const answer = await scrape(accept);
      expect([answer.status, answer.headers['content-type']]).toEqual([200, type]);
      expect(answer.headers.vary).toBe('Accept');
    });

    it('are in one text each, however many ask at once', async () => {
      const types = Array.from({ length: 10 }, () => [text, openMetrics]).flat();
      const answers = await Promise.all(types.map((type) => scrape(type).buffer(true)));
      expect(answers.map(({ headers }) => headers['content-type'])).toEqual(types);
      const heads = answers.map(
        ({ text: body }) => /^# TYPE process_cpu_seconds\S*/m.exec(body)?.[0],
      );
      const toHead = (type: string) =>
        `# TYPE process_cpu_seconds${type === openMetrics ? '' : '_total'}`;
      expect(heads).toEqual(types.map(toHead));
    });
  });
});
