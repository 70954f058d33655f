import { count, pick } from './event-count.ts';
import { teapot } from './goods.ts';
import { proveOnce, untilArrived } from './payment-proof.ts';
import type { Finding, Scene, Story } from './story.ts';

/** Long enough for a kill meanwhile, and shorter than the step's time-out. */
const heldMs = 2_500;
const arrivesMs = 300;

async function killOrchestrator({ stage, until, note }: Scene): Promise<void> {
  await until((events) => count(events, 'step-succeeded', 'reserve') > 0);
  // By then the payment's request is under way, or nobody would miss its answer.
  await new Promise((resolve) => setTimeout(resolve, arrivesMs));
  await stage.kill('orchestrator');
  const killedAt = performance.now();
  note('the orchestrator is killed (kill -9) while it waits for the payment');
  const who = await stage.untilTakenOver();
  note(`${who}, ${Math.round(performance.now() - killedAt)} ms after the kill`);
}

async function proveTakenOver(scene: Scene): Promise<Finding[]> {
  const cutOff = pick(scene.events(), 'step-unknown').find(({ interrupted }) => interrupted);
  // The participant still handles the dead orchestrator's request.
  await untilArrived(scene, cutOff?.startedAt ?? 0, heldMs);
  return [
    { text: 'the journal shows the attempt that was cut off', holds: cutOff !== undefined },
    ...proveOnce(scene),
  ];
}

export const takeover: Story = {
  ...teapot,
  title: 'The orchestrator dies in the middle of an order',
  customer: 'Kim',
  trouble: `the payment takes ${heldMs / 1_000} s, and meanwhile the orchestrator is killed.`,
  faults: `payment.process:latency:ms=${heldMs}:times=1`,
  before: (stage) => stage.untilStandbyWaits(),
  act: killOrchestrator,
  ends: 'completed',
  moral: 'Another orchestrator knew what was committed, and went on where the order stood.',
  prove: proveTakenOver,
};
