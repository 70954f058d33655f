import { teapot } from './goods.ts';
import { ordersOpenMax } from './stage.ts';
import type { Finding, Scene, Story } from './story.ts';

const together = 20;
/** Longer than it takes to place them all. */
const slowMs = 1_500;

function proveRefused({ all, refusals }: Scene): Finding[] {
  const accepted = all().length;
  const seconds = refusals.map(({ retryAfterSeconds }) => retryAfterSeconds);
  const codes = new Set(refusals.map(({ code }) => code));
  return [
    {
      text: `${accepted} were accepted; ${refusals.length} were answered "${[...codes].join(', ')}" and told to come back after ${Math.min(...seconds)} to ${Math.max(...seconds)} s`,
      holds:
        accepted + refusals.length === together &&
        accepted <= ordersOpenMax &&
        [...codes].join() === 'queue-full' &&
        Math.min(...seconds) > 0,
    },
  ];
}

export const fullQueue: Story = {
  ...teapot,
  title: 'More orders than can be taken',
  customer: 'Jonas',
  crowd: together - 1,
  trouble: `${together - 1} others order with him, payment takes ${slowMs / 1_000} s, and here ${ordersOpenMax} orders may be open at once.`,
  faults: `payment.process:latency:ms=${slowMs}`,
  ends: 'completed',
  moral:
    'Past the limit an order is refused at once and nothing of it is stored. What was accepted is never dropped.',
  prove: proveRefused,
};
