import { expect, it, onTestFinished, vi } from 'vitest';
import { readOverview } from './api.ts';

function freeze(): void {
  vi.stubGlobal('fetch', (_path: string, { signal }: RequestInit) => {
    const frozen = Promise.withResolvers<Response>();
    signal?.addEventListener('abort', () => frozen.reject(signal.reason));
    return frozen.promise;
  });
  onTestFinished(() => void vi.unstubAllGlobals());
}

it('waits no longer than its deadline for an orchestrator that is frozen', async () => {
  const deadline = new AbortController();
  vi.spyOn(AbortSignal, 'timeout').mockReturnValue(deadline.signal);
  freeze();
  const reading = readOverview();
  deadline.abort();
  expect(await reading).toMatchObject({ ok: false, code: 'offline' });
});

it('lets go of its connection once nobody wants the answer', async () => {
  freeze();
  const leaving = new AbortController();
  const reading = readOverview(leaving.signal);
  leaving.abort();
  expect(await reading).toMatchObject({ ok: false });
});
