/** The whole system in this process: real clients, real HTTP, real stores, and faults that travel with one order. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { listedParticipants, mapParticipants, type ParticipantName } from '@baton/contracts';
import { openFaultControl } from '@baton/faults';
import { createOrderSaga } from '@baton/orchestrator';
import { closeParticipants, createParticipants } from '@baton/runtime';
import { type Engine, isSettled, openJournal, type RunView } from '@baton/saga';
import { createLog } from '@baton/telemetry';
import { openHost } from '../engine-host.ts';
import { createFastFolder } from '../folder.ts';
import { findProgram } from '../programs.ts';
import { type BreakableProgram, startBreakable, toArrival } from './breakable-program.ts';
import { type Cell, isSilent } from './cell.ts';
import { createDeadlines } from './deadlines.ts';
import { findStockFault, type Ledger, readLedger } from './ledger.ts';
import { hasten, matrixOrder } from './workflow.ts';

export interface BreakableSystem {
  /** Without a cell nothing befalls the order. Resolves when it has settled without deferred steps; undefined when that takes too long. */
  place(orderId: string, cell?: Cell): Promise<RunView | undefined>;
  /** How often a fault acted on an order, by the participants' logs. */
  countHits(orderId: string, operation: string, kind: string): number;
  /** Resolves when the last late request has arrived; false when that takes too long. */
  untilQuiet(): Promise<boolean>;
  readLedgers(): Readonly<Record<ParticipantName, Ledger>>;
  findStockFault(): number;
  /** What any program logged as an error: must stay empty. */
  readonly errors: readonly string[];
  close(): Promise<void>;
}

/** More than there are cells at once: none waits for another. */
const places = 512;
/** For all cells together. */
const patienceMs = 600_000;
const lookAgainMs = 20;

export async function startBreakableSystem(): Promise<BreakableSystem> {
  const patience = AbortSignal.timeout(patienceMs);
  const folder = createFastFolder('matrix');
  const deadlines = createDeadlines();
  const silenced = new Map<string, string>();
  const notes = createNotes(({ order, operation }) => {
    if (silenced.get(order) === operation) deadlines.start(order);
  });
  const log = createLog('matrix', 'warn', { write: notes.write });
  const faultsFile = join(folder, 'faults.json');
  const options = { folder, faultsFile, log, onArrival: notes.arrive };
  const control = await openFaultControl({ file: faultsFile, log });
  const programs = new Map<ParticipantName, BreakableProgram>();
  for (const listed of listedParticipants)
    programs.set(listed.name, await startBreakable(listed, options));
  const find = (name: ParticipantName): BreakableProgram => {
    const program = programs.get(name);
    if (!program) throw new Error(`${name} does not run`);
    return program;
  };
  const participants = createParticipants(
    mapParticipants(({ name }) => find(name).url),
    control.annotateAs,
  );
  const saga = hasten(createOrderSaga(participants), deadlines.wrap);
  const journal = await openJournal({ path: join(folder, 'journal.sqlite') });
  const host = await openHost(folder);
  const engine = await host.createEngine({
    journal,
    sagas: [saga],
    concurrencyMax: places,
    callsMax: places,
    breaker: { failuresMin: Number.POSITIVE_INFINITY },
  });
  const dbOf = (name: ParticipantName) => find(name).participant().store.db;
  return {
    errors: notes.errors,
    place: async (orderId, cell) => {
      const context = cell ? { baggage: `baton.fault=${cell.faults.join('|')}` } : {};
      if (cell && isSilent(cell)) silenced.set(orderId, cell.operation);
      await engine.submit(saga, matrixOrder, { id: orderId, context });
      return untilAtRest(engine, orderId, patience);
    },
    countHits: notes.countHits,
    untilQuiet: () => until(notes.isQuiet, patience),
    readLedgers: () =>
      mapParticipants((listed) => readLedger(findProgram(listed).effectTable, dbOf(listed.name))),
    findStockFault: () => findStockFault(dbOf('inventory-service')),
    close: async () => {
      await engine.stop();
      await host.close();
      await closeParticipants(participants);
      await Promise.all([...programs.values()].map((program) => program.close()));
      rmSync(folder, { recursive: true });
    },
  };
}

interface Hit {
  readonly fault: string;
  readonly order: string;
  readonly operation: string;
  readonly arrival: string;
}

/** The participants' logs, and the requests that came through. */
function createNotes(onHit: (hit: Hit) => void) {
  const hits: Hit[] = [];
  const errors: string[] = [];
  const arrived = new Map<string, number>();
  const write = (line: string): void => {
    const { level, fault, operation, orderId: order, attempt } = JSON.parse(line);
    if (fault === undefined || level !== 'warn') {
      errors.push(line);
      return;
    }
    const hit = { fault, order, operation, arrival: toArrival(operation, order, attempt) };
    hits.push(hit);
    onHit(hit);
  };
  const isLate = ({ fault }: { fault: string }) => fault === 'late' || fault === 'latency';
  return {
    errors,
    write,
    arrive: (arrival: string) => arrived.set(arrival, (arrived.get(arrival) ?? 0) + 1),
    countHits: (orderId: string, operation: string, kind: string) =>
      hits.filter(
        (hit) => hit.order === orderId && hit.operation === operation && hit.fault === kind,
      ).length,
    isQuiet: () =>
      [...Map.groupBy(hits.filter(isLate), ({ arrival }) => arrival)].every(
        ([arrival, awaited]) => (arrived.get(arrival) ?? 0) >= awaited.length,
      ),
  };
}

/** Settled, and no deferred step is left to repair. */
async function untilAtRest(
  engine: Engine,
  orderId: string,
  patience: AbortSignal,
): Promise<RunView | undefined> {
  const isAtRest = async (): Promise<boolean> => {
    const run = await engine.read(orderId);
    return run !== undefined && isSettled(run.state) && run.next?.type === 'rest';
  };
  await engine.settled(orderId, patience);
  return (await until(isAtRest, patience)) ? engine.read(orderId) : undefined;
}

async function until(
  isSo: () => boolean | Promise<boolean>,
  patience: AbortSignal,
): Promise<boolean> {
  while (!(await isSo()) && !patience.aborted) await wait(lookAgainMs);
  return isSo();
}
