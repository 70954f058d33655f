/** What must hold at payment once all delayed requests have arrived. */
import { count } from './event-count.ts';
import type { Finding, Scene } from './story.ts';

const marginMs = 500;

export function proveOnce({ ledger, orderId, events }: Scene): Finding[] {
  const asked = count(events(), 'step-unknown', 'pay') + count(events(), 'step-succeeded', 'pay');
  const taken = ledger.payments(orderId);
  return [
    {
      text: `asked to pay ${asked} times, charged ${taken === 1 ? 'once' : `${taken} times`}`,
      holds: asked >= 2 && taken === 1,
    },
  ];
}

/** Resolves when payment has handled all delayed requests. */
export async function untilArrived(
  { during }: Scene,
  sentAt: number,
  heldMs: number,
): Promise<void> {
  const dueAt = sentAt + heldMs + marginMs;
  const arrived = new Promise<void>((resolve) =>
    setTimeout(resolve, Math.max(0, dueAt - Date.now())),
  );
  const toSeconds = () => Math.max(0, Math.ceil((dueAt - Date.now()) / 1_000));
  await during(
    () => `what was held up on its way to payment arrives within ${toSeconds()} s`,
    arrived,
  );
}
