/** Audits in the background, now and then and when asked: a difference counts once a second audit finds it too. */
import type { Audit } from '@baton/contracts';
import type { ObservedBooks } from './watchdog-observation.ts';

const everyMs = 300_000;
/** Between a difference and the second look. */
const confirmMs = 5_000;
const patienceMs = 60_000;
/** An audit reads every order that is kept: it may take a twentieth of the time, however many they are. */
const share = 20;

export interface BooksWatch {
  /** The latest verdict. Asks for the next audit when it is due. */
  look(): ObservedBooks | null;
  /** What was learned is out of date: audit as soon as possible. */
  doubt(): void;
}

export function createBooksWatch(
  audit: (signal: AbortSignal) => Promise<Audit | undefined>,
  now: () => number,
): BooksWatch {
  let books: ObservedBooks | null = null;
  let dueAt = now() + everyMs;
  let isAuditing = false;
  let doubts = 0;
  const run = async (): Promise<void> => {
    const [at, doubted] = [now(), doubts];
    const said = await audit(AbortSignal.timeout(patienceMs));
    const isUsable = said && said.unreachable.length === 0 && doubted === doubts;
    const differences = said ? findDifferences(said) : [];
    const isConfirmed = (books?.differences.length ?? 0) > 0 && differences.length > 0;
    if (isUsable) books = { at, differences, isConfirmed };
    const isClear = isUsable && (differences.length === 0 || isConfirmed);
    dueAt = now() + Math.max(isClear ? everyMs : confirmMs, (now() - at) * share);
  };
  return {
    look: () => {
      if (!isAuditing && now() >= dueAt) {
        isAuditing = true;
        void run().finally(() => {
          isAuditing = false;
        });
      }
      return books;
    },
    doubt: () => {
      doubts += 1;
      books = null;
      dueAt = now();
    },
  };
}

const findDifferences = ({ money, stock }: Audit): string[] => [
  ...money.flatMap(({ balanced, currency, taken, givenBack, completedOrders }) =>
    balanced
      ? []
      : [
          `${currency}: ${taken} taken and ${givenBack} given back, ${completedOrders} of completed orders`,
        ],
  ),
  ...stock.flatMap(({ balanced, sku, held, heldByOrders }) =>
    balanced ? [] : [`${sku}: ${held} held, ${heldByOrders} by completed orders`],
  ),
];
