/** Plays every cell as an order of its own, all of them in one system, and judges each by its end. */
import { type BreakableSystem, startBreakableSystem } from './breakable-system.ts';
import { type Cell, createMatrix, isSilent, type Matrix } from './cell.ts';
import { type Ended, judge, readSizes, toMoves } from './verdict.ts';
import { findPlaces } from './workflow.ts';

export interface PlayedCell {
  readonly cell: Cell;
  /** Empty when the order ended as it must. */
  readonly complaints: readonly string[];
}
export interface PlayedMatrix extends Pick<Matrix, 'impossible'> {
  /** Of the workflow, in its order. */
  readonly steps: readonly string[];
  readonly played: readonly PlayedCell[];
  /** Faults of the whole system, whichever cell caused them. */
  readonly complaints: readonly string[];
}

/** Orders that wait for answers, and do nothing else. */
const waitingMax = 30;
/** More at once would not be faster. */
const busyMax = 8;

/** An unharmed order: every other completed order must have moved as much. */
const unharmed = 'ord_unharmed';

export async function playMatrix(): Promise<PlayedMatrix> {
  const places = await findPlaces();
  const { cells, impossible } = createMatrix(places);
  const system = await startBreakableSystem();
  try {
    await system.place(unharmed);
    const ended = await playAll(cells, system);
    const isQuiet = await system.untilQuiet();
    const ledgers = system.readLedgers();
    const moves = toMoves(readSizes(unharmed, ledgers), places);
    const played = ended.map((one) => ({
      cell: one.cell,
      complaints: judge(one, system, { ledgers, moves }),
    }));
    const stockFault = system.findStockFault();
    const complaints = [
      ...(isQuiet ? [] : ['a late request never arrived']),
      ...(stockFault === 0 ? [] : [`${stockFault} pieces are held for nobody`]),
      ...system.errors,
    ];
    const steps = [...new Set(places.map(({ step }) => step))];
    return { played, impossible, steps, complaints };
  } finally {
    await system.close();
  }
}

/** A crash cuts all connections, so crashes play alone: other orders would see a fault that is not theirs. */
async function playAll(cells: readonly Cell[], system: BreakableSystem): Promise<Ended[]> {
  const isCrash = ({ kind }: Cell) => kind === 'crash';
  const playOne = async (cell: Cell): Promise<Ended> => {
    const orderId = `ord_cell_${cells.indexOf(cell)}`;
    return { cell, orderId, run: await system.place(orderId, cell) };
  };
  const others = cells.filter((cell) => !isCrash(cell));
  const lanes = await Promise.all([
    playInLane(others.filter(isSilent), waitingMax, playOne),
    playInLane(
      others.filter((cell) => !isSilent(cell)),
      busyMax,
      playOne,
    ),
  ]);
  const crashed = await playInLane(cells.filter(isCrash), 1, playOne);
  const ended = [...lanes.flat(), ...crashed];
  return ended.sort((a, b) => cells.indexOf(a.cell) - cells.indexOf(b.cell));
}

async function playInLane(
  cells: readonly Cell[],
  atOnceMax: number,
  playOne: (cell: Cell) => Promise<Ended>,
): Promise<Ended[]> {
  const waiting = [...cells];
  const ended: Ended[] = [];
  const work = async (): Promise<void> => {
    for (let cell = waiting.shift(); cell; cell = waiting.shift()) ended.push(await playOne(cell));
  };
  await Promise.all(Array.from({ length: atOnceMax }, work));
  return ended;
}
