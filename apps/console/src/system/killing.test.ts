import { expect, it, onTestFinished, vi } from 'vitest';
import { tokenWanted } from '../api.ts';
import { rows } from '../live.ts';
import { kill, killed } from './killing.ts';

const row = { seq: 1, createdAt: 0, endedAt: null, step: null, code: null };
const open = (id: string) => rows.set(id, { ...row, status: 'running', id, degraded: [] });

/** Where a token is set, and somebody thinks about it for a minute, while one order ends and the next begins. */
async function killWith(token: string | undefined) {
  vi.useFakeTimers({ now: 0 });
  const asked: string[] = [];
  vi.stubGlobal('fetch', async (path: string, { headers }: RequestInit) => {
    asked.push(path);
    const isLeft = new Headers(headers).get('authorization') === 'Bearer right';
    return Response.json(isLeft ? { servedAgainAfterMs: 5 } : {}, { status: isLeft ? 200 : 401 });
  });
  onTestFinished(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
    rows.clear();
    killed.value = null;
  });
  open('ord_1');
  const killing = kill('payment-service');
  await vi.waitUntil(() => tokenWanted.value);
  rows.clear();
  open('ord_2');
  vi.setSystemTime(60_000);
  tokenWanted.value?.(token);
  return { why: await killing, asked };
}

it('asks for no kill, and shows none, without leave', async () => {
  const { why, asked } = await killWith(undefined);
  expect([why, killed.value]).toEqual(['status-401', null]);
  expect(new Set(asked)).toEqual(new Set(['/faults']));
});

it('keeps what is open once there is leave, not when the token was asked for', async () => {
  const { why } = await killWith('right');
  expect(why).toBeUndefined();
  expect(killed.value).toMatchObject({ open: ['ord_2'], afterMs: 5 });
  expect(killed.value?.at).toBeGreaterThanOrEqual(60_000);
});
