/**
 * An engine that starts on a journal full of open orders, in a process of its own, so that its memory can be measured.
 * `node --expose-gc recovery-process.ts build|recover FILE COUNT`; it prints one line, the figures.
 */
import { createEngine, type Event, type Happening, ok, openJournal, saga } from '@baton/saga';
import { z } from 'zod';

const [mode, path = '', countText = '0'] = process.argv.slice(2);
const count = Number(countText);
const bytesPerMb = 1_048_576;
/** Recent times: a run as old as its time budget would be undone. */
const acceptedAt = Date.now();
const performed: Record<string, number> = {};
let firstCallMs = 0;

const perform = (name: string) => async () => {
  firstCallMs ||= performance.now();
  performed[name] = (performed[name] ?? 0) + 1;
  return ok({ total: 1_200 });
};
const Input = z.object({ customerId: z.string(), token: z.string() });
const journey = saga('journey', { version: 1, input: Input, secrets: ['token'] })
  .step('validate', { participant: 'a', perform: perform('validate'), undo: perform('cancel') })
  .step('reserve', { participant: 'b', perform: perform('reserve'), undo: perform('release') })
  .pivot('pay', { participant: 'c', perform: perform('pay'), undo: perform('refund') })
  .end();

/** Every fifth order stands where one of these ends. */
const phases: readonly (readonly Happening[])[] = (() => {
  const succeeded = (way: string): Happening => ({
    type: 'step-succeeded',
    ...{ way, attempt: 1, startedAt: acceptedAt, output: { total: 1_200 } },
  });
  const failed = (way: string) => ({
    ...{ way, attempt: 1, startedAt: acceptedAt, code: 'reset', retryAt: acceptedAt },
  });
  const [validated, reserved] = [succeeded('validate'), succeeded('reserve')];
  return [
    [],
    [validated],
    [validated, { type: 'step-unsent', ...failed('reserve') }],
    [validated, reserved, { type: 'step-unknown', ...failed('pay') }],
    [validated, reserved, { type: 'compensation-decided', code: 'declined', step: 'pay' }],
  ];
})();

function toEvents(index: number): Event[] {
  const { name, version, structure } = journey;
  const input = { customerId: `customer-${index}` };
  const accepted: Happening = {
    type: 'accepted',
    ...{ saga: name, version, structure, input, context: {} },
  };
  const happenings = [accepted, ...(phases[index % phases.length] ?? [])];
  return happenings.map((happening, place) => ({ ...happening, seq: place + 1, at: acceptedAt }));
}

async function build(): Promise<void> {
  const journal = await openJournal({ path });
  const appends = Array.from({ length: count }, (_, index) =>
    journal.append({
      run: `ord_${index}`,
      events: toEvents(index),
      summary: {
        ...{ saga: journey.name, version: journey.version, status: 'running' },
        ...{ acceptedAt, settledAt: null },
      },
      rest: { dueAt: 0, priority: 'in-flight', waits: [], at: 0 },
      submission: { fingerprint: '', secrets: { token: 'tok_ok' } },
    }),
  );
  await Promise.all(appends);
  journal.close();
}

function readHeapBytes(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

async function recover(): Promise<void> {
  const before = readHeapBytes();
  const ended = { completed: 0, compensated: 0 };
  const allEnded = Promise.withResolvers<void>();
  const engine = await createEngine({ journal: await openJournal({ path }), sagas: [journey] });
  engine.feed.subscribe(({ event: { type } }) => {
    if (type !== 'completed' && type !== 'compensated') return;
    ended[type] += 1;
    if (ended.completed + ended.compensated === count) allEnded.resolve();
  });
  const heapPerOrderBytes = Math.round((readHeapBytes() - before) / count);
  await allEnded.promise;
  const settledMs = performance.now();
  const rssMostMb = process.resourceUsage().maxRSS / (bytesPerMb / 1_024);
  await engine.stop();
  // Times are from the start of the process. The heap is JavaScript's, over that of an engine without orders.
  const measured = { firstCallMs, settledMs, heapPerOrderBytes, rssMostMb, ...ended, performed };
  process.stdout.write(`${JSON.stringify(measured)}\n`);
}

if (mode === 'build') await build();
if (mode === 'recover') await recover();
