import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { notificationOperations } from '@baton/contracts/notification-service';
import { createClient } from '@baton/service-kit';
import {
  describeFence,
  dumpTables,
  listen,
  type TestedParticipant,
  toQuietOptions,
} from '@baton/service-kit/testing';
import request from 'supertest';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createService } from './app.ts';
import { openTestedFunction } from './fixtures/tested-function.ts';
import { buildFunction } from './workerd.ts';

const built = mkdtempSync(join(tmpdir(), 'baton-built-'));
beforeAll(() => buildFunction(built, 'fixtures/still-function.ts'));
afterAll(() => rmSync(built, { recursive: true }));

const message = { customerId: 'customer-1', template: 'order-completed' } as const;

/** Where a client finds it. */
const reach = async (app: TestedParticipant['app']) =>
  typeof app === 'string' ? { url: app, close: async () => {} } : listen(app);

describe.each([
  {
    shell: 'as a process',
    create: (path?: string) => createService(toQuietOptions('notification-service', path)),
  },
  { shell: 'as a function', create: (path?: string) => openTestedFunction(built, path) },
])('$shell', ({ create }) => {
  describeFence({
    effect: notificationOperations.notify,
    body: message,
    otherBody: { ...message, channel: 'sms' },
    create,
  });

  describe('notifications', () => {
    let service: TestedParticipant;
    beforeEach(async () => {
      service = await create();
    });
    afterEach(() => service.close());

    const notify = (orderId: string, body: object) =>
      request(service.app)
        .post('/notify')
        .set('idempotency-key', `${orderId}:notify`)
        .send({ orderId, ...body });
    const read = async (query = '') =>
      (await request(service.app).get(`/notifications${query}`).expect(200)).body;

    it('records one message for a request that came twice', async () => {
      await notify('ord_1', message).expect(200);
      await notify('ord_1', message).expect(200);
      expect(await read()).toEqual({
        count: 1,
        notifications: [
          {
            ...message,
            orderId: 'ord_1',
            messageId: 'msg_1',
            channel: 'email',
            at: '2026-01-01T00:00:00.000Z',
          },
        ],
        nextCursor: null,
      });
    });

    it('sends by the channel that was asked for', async () => {
      await notify('ord_1', { ...message, channel: 'sms' }).expect(200);
      expect((await read()).notifications[0].channel).toBe('sms');
    });

    it.each([
      { ...message, template: 'lottery' },
      { ...message, channel: 'fax' },
      { template: 'order-completed' },
    ])('stores nothing when the message is %j', async (body) => {
      await notify('ord_1', body).expect(400);
      expect(dumpTables(service.store)).toEqual({ messages: [] });
    });

    it('counts all messages on a page that shows a few', async () => {
      for (const n of [1, 2, 3]) await notify(`ord_${n}`, message).expect(200);
      const { count, notifications, nextCursor } = await read('?limit=1');
      expect([count, notifications.length]).toEqual([3, 1]);
      expect((await read(`?cursor=${nextCursor}`)).notifications).toHaveLength(2);
      await request(service.app).get('/notifications?cursor=x').expect(400);
    });

    it('answers the typed client as the contract says', async () => {
      const { url, close } = await reach(service.app);
      const client = createClient(notificationOperations, { baseUrl: url });
      const signal = AbortSignal.timeout(60_000);

      const sent = await client.notify(
        { orderId: 'ord_1', ...message },
        { key: 'ord_1:notify', number: 1, signal },
      );
      const messages = await client.getNotifications({}, { signal });

      expect(sent).toMatchObject({ reply: 'ok', output: { orderId: 'ord_1', messageId: 'msg_1' } });
      expect(messages).toMatchObject({ ok: true, status: 200, body: { count: 1 } });
      await client.close();
      await close();
    });
  });
});
