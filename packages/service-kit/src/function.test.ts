import { inventoryOperations } from '@baton/contracts/inventory-service';
import { beforeEach, expect, it, vi } from 'vitest';
import { defineFunction } from './function.ts';
import { createStorage } from './testing/stand-in/storage.ts';

const said: string[] = [];
beforeEach(() => {
  said.length = 0;
  vi.spyOn(console, 'error').mockImplementation((line) => void said.push(String(line)));
  return () => vi.restoreAllMocks();
});

const hostile = '\u009b31m\u007f\u202e';
function fail(): never {
  throw new Error(hostile);
}
const { Instance } = defineFunction({
  service: 'inventory-service',
  operations: inventoryOperations,
  migrations: [],
  createHandlers: () => ({
    reserve: fail,
    release: fail,
    getStock: fail,
    getReservation: fail,
  }),
});

function open(endpoint: unknown) {
  const sending: Promise<unknown>[] = [];
  const instance = new Instance(
    { storage: createStorage(), waitUntil: (work) => void sending.push(work) },
    { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint },
  );
  return { sending, ask: () => instance.fetch(new Request('http://localhost/stock')) };
}

it.each(['nowhere', 'http://name:secret@host', 'http://host?x', 'http://host:6000', 7])(
  'starts with %j for a collector, and says once that it counts as unset',
  async (endpoint) => {
    const { sending, ask } = open(endpoint);
    expect(said).toEqual([
      expect.stringMatching(/"OTEL_EXPORTER_OTLP_ENDPOINT .*: it counts as unset"/),
    ]);
    expect(said[0]).not.toContain('secret');
    expect((await ask()).status).toBe(500);
    expect(sending).toEqual([]);
  },
);

it.each(['http://127.0.0.1:4318', '', null, undefined])(
  'has nothing to say of %j for a collector',
  (endpoint) => {
    open(endpoint);
    expect(said).toEqual([]);
  },
);

it('logs on one line, escaped, what others wrote', async () => {
  await open(null).ask();
  expect(said).toEqual([expect.stringMatching(/^\{[^\p{Cc}\p{Cf}]*\}$/u)]);
  expect(JSON.parse(said[0] ?? '').err).toContain(hostile);
});
