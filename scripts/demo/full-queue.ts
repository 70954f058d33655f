import { teapot } from './goods.ts';
import { ORDERS_OPEN_MAX } from './stage.ts';
import type { Finding, Scene, Story } from './story.ts';

const TOGETHER = 20;
/** Longer than it takes to place them all. */
const SLOW_MS = 1_500;

function proveRefused({ all, refusals }: Scene): Finding[] {
  const accepted = all().length;
  const seconds = refusals.map(({ retryAfterSeconds }) => retryAfterSeconds);
  const codes = new Set(refusals.map(({ code }) => code));
  return [
    {
      text: `${accepted} were accepted; ${refusals.length} were answered "${[...codes].join(', ')}" and told to come back after ${Math.min(...seconds)} to ${Math.max(...seconds)} s`,
      holds:
        accepted + refusals.length === TOGETHER &&
        accepted <= ORDERS_OPEN_MAX &&
        [...codes].join() === 'queue-full' &&
        Math.min(...seconds) > 0,
    },
  ];
}

export const fullQueue: Story = {
  ...teapot,
  title: 'More orders than can be taken',
  customer: 'Jonas',
  crowd: TOGETHER - 1,
  trouble: `${TOGETHER - 1} others order with him, payment takes ${SLOW_MS / 1_000} s, and here ${ORDERS_OPEN_MAX} orders may be open at once.`,
  faults: `payment.process:latency:ms=${SLOW_MS}`,
  ends: 'completed',
  moral:
    'Past the limit an order is refused at once and nothing of it is stored. What was accepted is never dropped.',
  prove: proveRefused,
};
