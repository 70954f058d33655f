/** Places runs at a steady rate, whichever view is shown, and counts the answers. */
import type { WorkflowDescription } from '@baton/contracts';
import { type Signal, signal } from '@preact/signals';
import { createKey, placeRun } from '../api.ts';

interface LoadCounts {
  readonly sent: number;
  readonly accepted: number;
  /** Refused by admission: too many are open. */
  readonly refused: number;
  readonly failed: number;
}

interface Load {
  /** Runs a second. */
  readonly rate: Signal<number>;
  /** Since the page was opened. */
  readonly counts: Signal<LoadCounts>;
}

/** Requests under way at once: a browser would only queue more. */
const underWayMax = 200;
const tickMs = 50;

const loads = new Map<string, Load>();

export function readLoad({ plural }: WorkflowDescription): Load {
  const known = loads.get(plural);
  if (known) return known;
  const load = {
    rate: signal(0),
    counts: signal({ sent: 0, accepted: 0, refused: 0, failed: 0 }),
  };
  loads.set(plural, load);
  return load;
}

const running = new Set<Load>();

export function setRate(workflow: WorkflowDescription, rate: number): void {
  const load = readLoad(workflow);
  load.rate.value = rate;
  if (rate > 0 && !running.has(load)) run(workflow, load);
}

/** Runs until the rate is zero and every request is answered. */
function run(workflow: WorkflowDescription, load: Load): void {
  const { rate, counts } = load;
  const body = workflow.presets[0]?.body;
  let counted = counts.value;
  let underWay = 0;
  let owed = 0;
  let lastAt = performance.now();
  const add = (name: keyof LoadCounts): void => {
    counted = { ...counted, [name]: counted[name] + 1 };
  };
  async function placeOne(): Promise<void> {
    underWay += 1;
    add('sent');
    const answer = await placeRun(workflow, body, { key: createKey(), priority: 'low' });
    underWay -= 1;
    if (answer.ok) add('accepted');
    else add(answer.status === 503 ? 'refused' : 'failed');
  }
  running.add(load);
  const timer = setInterval(() => {
    const now = performance.now();
    owed = rate.value && Math.min(owed + ((now - lastAt) / 1_000) * rate.value, underWayMax);
    lastAt = now;
    for (; owed >= 1 && underWay < underWayMax; owed -= 1) void placeOne();
    counts.value = counted;
    if (rate.value > 0 || underWay > 0) return;
    clearInterval(timer);
    running.delete(load);
  }, tickMs);
}
