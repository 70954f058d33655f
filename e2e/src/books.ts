/** Checks what must always hold, read from the files of the journal and the participants themselves. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { listedParticipants } from '@baton/contracts';
import { type Event, type RunState, replay } from '@baton/saga';
import { z } from 'zod';

type Row = Record<string, unknown>;

const providers = listedParticipants.flatMap(({ name, program }) =>
  program === 'payment-service' ? [name] : [],
);

/** Participants whose every effect can be undone: an order that did not complete leaves nothing there. */
const undoable = listedParticipants.flatMap(({ name, operations }) =>
  Object.values(operations).some((one) => one.kind === 'effect' && one.undo === null) ? [] : [name],
);

/** Every fault found, in words; empty when the books balance and every order ended whole. */
export function findFaults(dataDir: string, accepted: readonly string[]): string[] {
  const runs = readRuns(dataDir);
  return [
    ...accepted.filter((id) => !runs.has(id)).map((id) => `${id} was accepted and is lost`),
    ...[...runs].flatMap(([id, events]) => findRunFaults(id, events)),
    ...findStockFaults(dataDir, [...runs.values()].map(replay)),
    ...findMoneyFaults(dataDir, [...runs.values()].map(replay)),
    ...findFenceFaults(dataDir, runs),
    ...findMessageFaults(dataDir, runs),
  ];
}

export function readRows(dataDir: string, file: string, sql: string): Row[] {
  // A killed process leaves a log, which the next process locks while it reads it.
  const database = new DatabaseSync(join(dataDir, file), { readOnly: true, timeout: 5_000 });
  const rows = database.prepare(sql).all();
  database.close();
  return rows;
}

/** On a cluster, a replica's copy. */
const files = ['orchestrator/journal.sqlite', 'orchestrator/cluster/projection.sqlite'] as const;

export function readRuns(dataDir: string): Map<string, Event[]> {
  const sql = 'SELECT run, event FROM events ORDER BY position';
  const [file = files[0]] = files.filter((name) => existsSync(join(dataDir, name)));
  const rows = readRows(dataDir, file, sql);
  const runs = new Map<string, Event[]>();
  for (const { run, event } of rows) {
    const events = runs.get(String(run)) ?? [];
    events.push(JSON.parse(String(event)));
    runs.set(String(run), events);
  }
  return runs;
}

function findRunFaults(id: string, events: readonly Event[]): string[] {
  const { settledAt } = replay(events);
  const decided = events.findIndex(({ type }) => type === 'compensation-decided');
  // Before the alternate pays, the first provider's payment is undone; after either has paid, nothing is.
  const paid = events.findIndex(
    (event) => event.type === 'step-succeeded' && /^pay(:alt)?$/.test(event.way),
  );
  const isForward = ({ type }: Event) => type.startsWith('step-');
  const isUndo = ({ type }: Event) => type.startsWith('undo-');
  return [
    ...(settledAt === null ? [`${id} is not settled`] : []),
    ...(decided >= 0 && events.slice(decided).some(isForward)
      ? [`${id} went forward after the decision`]
      : []),
    ...(paid >= 0 && events.slice(paid).some(isUndo) ? [`${id} was undone after its pivot`] : []),
  ];
}

const completed = (states: readonly RunState[]): RunState[] =>
  states.filter(({ phase }) => phase === 'completed');

function findStockFaults(dataDir: string, states: readonly RunState[]): string[] {
  const held = new Map<string, number>();
  for (const { input } of completed(states)) {
    for (const { sku, quantity } of readLines(input))
      held.set(sku, (held.get(sku) ?? 0) + quantity);
  }
  const rows = readRows(
    dataDir,
    'inventory-service.sqlite',
    'SELECT sku, on_hand, free, held FROM products',
  );
  return rows.flatMap((row) => {
    const wanted = held.get(String(row.sku)) ?? 0;
    const isSound = row.on_hand === Number(row.free) + Number(row.held) && Number(row.free) >= 0;
    return [
      ...(isSound
        ? []
        : [`${row.sku}: ${row.on_hand} on hand, ${row.free} free, ${row.held} held`]),
      ...(row.held === wanted ? [] : [`${row.sku}: ${row.held} held, orders say ${wanted}`]),
    ];
  });
}

function findMoneyFaults(dataDir: string, states: readonly RunState[]): string[] {
  const value = completed(states).reduce((sum, state) => sum + readAmount(state), 0);
  const sql = "SELECT coalesce(sum(amount_minor), 0) AS kept FROM payments WHERE status = 'taken'";
  const kept = providers
    .flatMap((provider) => readRows(dataDir, `${provider}.sqlite`, sql))
    .reduce((sum, row) => sum + Number(row.kept), 0);
  return kept === value ? [] : [`${kept} kept, completed orders are worth ${value}`];
}

/** An effect stands exactly where its order completed; the fence allows one per key, so none can stand twice. */
function findFenceFaults(dataDir: string, runs: ReadonlyMap<string, readonly Event[]>): string[] {
  return undoable.flatMap((service) =>
    readRows(dataDir, `${service}.sqlite`, "SELECT key FROM fence WHERE state = 'DONE'").flatMap(
      ({ key }) => {
        const events = runs.get(String(key).split(':')[0] ?? '');
        const stands = events !== undefined && replay(events).phase === 'completed';
        return stands ? [] : [`${key} stands at ${service}, its order did not complete`];
      },
    ),
  );
}

/** Each channel is used once at most, and both only where nobody knew whether the first message left. */
function findMessageFaults(dataDir: string, runs: ReadonlyMap<string, readonly Event[]>): string[] {
  const rows = readRows(
    dataDir,
    'notification-service.sqlite',
    `SELECT order_id AS id, count(*) AS messages, count(DISTINCT channel) AS channels
    FROM messages GROUP BY order_id`,
  );
  return rows.flatMap(({ id, messages, channels }) => {
    const isUnclear = runs
      .get(String(id))
      ?.some((event) => event.type === 'step-unknown' && /^notify(:alt)?$/.test(event.way));
    const isAllowed = messages === channels && (messages === 1 || isUnclear);
    return isAllowed ? [] : [`${id} was told ${messages} times, by ${channels} channels`];
  });
}

/** The order's lines, from the journal. */
const Input = z.object({ lines: z.array(z.object({ sku: z.string(), quantity: z.int() })) });
const Amount = z.object({ amountMinor: z.int() });
const Priced = z.object({ total: Amount });
const Paid = z.object({ amount: Amount });

export const readLines = (input: unknown) => Input.parse(input).lines;
/** The amount paid; old providers did not say it, and took the amount of the request. */
export function readAmount({ ways }: RunState): number {
  const paid = [ways.pay, ways['pay:alt']].flatMap(
    (way) => Paid.safeParse(way?.output).data?.amount ?? [],
  );
  return (paid[0] ?? Priced.parse(ways.validate?.output).total).amountMinor;
}
