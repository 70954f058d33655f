import type { Event, RunView } from '@baton/saga';
import { pick } from './event-count.ts';
import { mugs } from './goods.ts';
import type { Finding, Scene, Story } from './story.ts';

const service = 'inventory-service';
const together = 8;

const findParking = (events: readonly Event[]) => pick(events, 'step-parked')[0];

async function bringBack({ stage, all, until, note }: Scene): Promise<void> {
  await until(() => all().every(({ events }) => findParking(events)));
  note(`all ${together} orders wait behind one open breaker: none has used up an attempt`);
  const alert = await stage.untilAlerted('breaker-open', service);
  note(`the watchdog raises an alert: ${alert.message}`);
  await stage.startAgain(service);
  note(`${service} is started again`);
}

/**
 * The fewest calls that the order would have made while it was parked, by its own policy, without its probes. Jitter
 * would only have made more.
 */
function countSpared({ saga, events }: RunView, untilMs: number): number {
  const tries = saga?.plan.find(({ name }) => name === 'reserve')?.first.tries;
  const parkedAt = findParking(events)?.at;
  if (!tries || parkedAt === undefined) return 0;
  const unsent = pick(events, 'step-unsent');
  const probes = unsent.filter(({ startedAt }) => startedAt >= parkedAt).length;
  let misses = unsent.length - probes;
  let calls = 0;
  for (let at = parkedAt; at < untilMs; misses += 1, calls += 1)
    at += Math.min(tries.delayMaxMs, tries.firstDelayMs * tries.factor ** misses);
  return Math.max(0, calls - probes);
}

function proveSpared({ all }: Scene): Finding[] {
  const runs = all();
  const reserved = runs.flatMap(({ events }) =>
    pick(events, 'step-succeeded').filter(({ way }) => way === 'reserve'),
  );
  const healedAt = Math.min(...reserved.map(({ at }) => at));
  // A call that was under way, or admitted before its lane heard of the opening, is no probe.
  const probes = runs
    .flatMap(({ events }) => {
      const parkedAt = findParking(events)?.at ?? 0;
      return pick(events, 'step-unsent').filter(({ startedAt }) => startedAt >= parkedAt);
    })
    .sort((one, other) => one.startedAt - other.startedAt);
  const isOneAtATime = probes.every(({ startedAt }, i) => startedAt >= (probes[i - 1]?.at ?? 0));
  const spared = runs.reduce((sum, run) => sum + countSpared(run, healedAt), 0);
  return [
    {
      text: `while the breaker was open, ${probes.length + 1} calls were made as probes, one at a time; at least ${spared} were spared`,
      holds: isOneAtATime && spared > 0,
    },
    {
      text: `the last probe went well, and all ${runs.length} orders went on, each still at its first attempt`,
      holds: reserved.length === together && reserved.every(({ attempt }) => attempt === 1),
    },
  ];
}

export const outage: Story = {
  ...mugs,
  title: 'A service is down, and many orders need it',
  customer: 'Iris',
  crowd: together - 1,
  trouble: `${service} was killed (kill -9) just before. ${together - 1} others order the same.`,
  before: (stage) => stage.kill(service),
  act: bringBack,
  ends: 'completed',
  moral:
    'The circuit breaker belongs to the service and not to the order: after a few failures nobody asks in vain any more, one order at a time tries whether it is back, and all go on when it is.',
  prove: proveSpared,
};
