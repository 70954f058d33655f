/** Whether participants still hold what an operator gave up: each of them is asked about that one order. */
import type { WrittenOff } from '@baton/contracts';
import { type GivenUp, type Participants, toInstant } from '@baton/runtime';
import { listProviders, type Provider } from './providers.ts';

interface Holding extends Pick<WrittenOff, 'amount' | 'lines'> {
  readonly stands: boolean;
}
type Ask = (orderId: string) => Promise<Holding>;

/** Asked about at the same time. */
const askedMax = 16;

/** In the order in which orders came, the newest first; those of pruned orders before them. */
export async function findStanding(
  givenUp: readonly GivenUp[],
  participants: Participants,
  signal: AbortSignal,
): Promise<WrittenOff[]> {
  const asks = createAsks(participants, signal);
  const standing: WrittenOff[] = [];
  for (let i = 0; i < givenUp.length; i += askedMax) {
    const asked = givenUp.slice(i, i + askedMax).map(async (one) => {
      const ask = one.participant === undefined ? undefined : asks.get(one.participant);
      return toWrittenOff(one, (await ask?.(one.orderId)) ?? untold);
    });
    standing.push(...(await Promise.all(asked)).flat());
  }
  return standing;
}

const gone: Holding = { stands: false };
/** Nobody can say: it stays in the list, since what is forgotten is never put right. */
const untold: Holding = { stands: true };

function createAsks(participants: Participants, signal: AbortSignal): ReadonlyMap<string, Ask> {
  const { 'order-service': orders, 'inventory-service': inventory } = participants;
  const toAskPaid = (provider: Provider) => async (id: string) => {
    const answer = await provider.getOrderPayments({ params: { id } }, { signal });
    return answer.ok ? toKept(answer.body.payments) : untold;
  };
  return new Map<string, Ask>([
    [
      'order-service',
      async (id) => {
        const answer = await orders.getOrder({ params: { id } }, { signal });
        if (!answer.ok) return answer.code === 'order-not-found' ? gone : untold;
        return { stands: answer.body.status === 'validated' };
      },
    ],
    [
      'inventory-service',
      async (id) => {
        const answer = await inventory.getReservation({ params: { id } }, { signal });
        if (!answer.ok) return answer.code === 'nothing-held' ? gone : untold;
        return { stands: true, lines: answer.body.lines };
      },
    ],
    ...listProviders(participants).map(([name, provider]) => [name, toAskPaid(provider)] as const),
  ]);
}

/** An order has one currency. */
function toKept(
  payments: readonly { readonly status: string; readonly amount: WrittenOff['amount'] }[],
): Holding {
  const [amount, ...more] = payments.flatMap((payment) =>
    payment.status === 'taken' && payment.amount ? [payment.amount] : [],
  );
  if (!amount) return gone;
  const amountMinor = more.reduce((sum, other) => sum + other.amountMinor, amount.amountMinor);
  return { stands: true, amount: { ...amount, amountMinor } };
}

/** A way's name is its step's, with `:alt` for the alternate. */
function toWrittenOff(
  { orderId, way, participant, reason, at }: GivenUp,
  { stands, ...held }: Holding,
): WrittenOff[] {
  const [step = way] = way.split(':');
  const writtenOff = { orderId, step, direction: 'undo', reason, at: toInstant(at) } as const;
  return stands ? [{ ...writtenOff, ...(participant && { participant }), ...held }] : [];
}
