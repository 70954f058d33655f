/** Audits in the background, now and then and when asked: a difference counts once a second audit finds it too. */
import type { Audit } from '@baton/contracts';
import type { ObservedBooks } from './watchdog-observation.ts';

const everyMs = 300_000;
/** Between a difference and the second look. */
const confirmMs = 5_000;
/** Until participants are asked again that did not answer an audit. */
const unreachableMs = 30_000;
const patienceMs = 600_000;
/** An audit reads every order that is kept: it may take a twentieth of the time, however many they are. */
const share = 20;

export interface BooksWatch {
  /** The latest verdict. Asks for the next audit when it is due. */
  look(): ObservedBooks | null;
  /** What was learned is out of date: audit as soon as possible. */
  doubt(): void;
}

export interface BooksOptions {
  readonly audit: (signal: AbortSignal) => Promise<Audit | undefined>;
  readonly now: () => number;
  /** An audit that failed says nothing of the books: the next one comes in its turn. */
  readonly onError: (error: unknown) => void;
}

export function createBooksWatch({ audit, now, onError }: BooksOptions): BooksWatch {
  let books: ObservedBooks | null = null;
  let dueAt = now() + everyMs;
  let isAuditing = false;
  let doubts = 0;
  const run = async (): Promise<void> => {
    const [at, doubted] = [now(), doubts];
    const said = await audit(AbortSignal.timeout(patienceMs));
    // What it read may be from before the doubt: the next one, due at once, will tell.
    if (doubted !== doubts) return;
    const restMs = (now() - at) * share;
    dueAt = now() + Math.max(unreachableMs, restMs);
    const differences = said ? findDifferences(said) : [];
    // Books that were read differ, whoever else is away; that all of them balance takes an answer of everybody.
    if (!said || (said.unreachable.length > 0 && differences.length === 0)) return;
    const isConfirmed = (books?.differences.length ?? 0) > 0 && differences.length > 0;
    books = { at, differences, isConfirmed };
    const isClear = differences.length === 0 || isConfirmed;
    dueAt = now() + Math.max(isClear ? everyMs : confirmMs, restMs);
  };
  return {
    look: () => {
      if (!isAuditing && now() >= dueAt) {
        isAuditing = true;
        dueAt = now() + everyMs;
        void run()
          .catch(onError)
          .finally(() => {
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

const findDifferences = ({ money, stock, writtenOff }: Audit): string[] => [
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
  ...writtenOff.map(
    ({ orderId, step, participant = 'its participant' }) =>
      `the undo of ${step} of ${orderId} is written off, and ${participant} still holds it`,
  ),
];
