import { toBreakerOptions } from '@baton/saga/run/breaker';
import { expect, test } from 'vitest';
import {
  type BreakerState,
  learn,
  probe,
  toCopy,
  unknownBreaker,
  viewBreaker,
} from './breaker-state.ts';
import {
  admit,
  type Ended,
  emptyLane,
  hear,
  isProbe,
  type LaneState,
  release,
  toLeaseEnd,
  viewLane,
  type Wanted,
} from './lane-state.ts';

const options = { callsMax: 2, tellOfMax: 2 };
const breakerOptions = toBreakerOptions({ failuresMin: 2, firstDelayMs: 1_000 });
const forward = { direction: 'forward', priority: 'in-flight', timeoutMs: 3_000 } as const;
const undo = { direction: 'undo', priority: 'undo', timeoutMs: 3_000 } as const;
const healthy = { verdict: 'healthy', failedAt: 0, random: 0.5 } as const;
const failing = { verdict: 'failing', failedAt: 0, random: 0.5 } as const;
type How = Omit<Ended, 'run' | 'now'>;

/** Some lanes of one participant, as objects that hear of each other without delay. */
function createLanes(count: number) {
  const lanes: LaneState[] = Array.from({ length: count }, () => emptyLane);
  const of = (index: number): LaneState => lanes[index] ?? emptyLane;
  let breaker: BreakerState = unknownBreaker;
  const cluster = { now: 1_000, told: 0, called: [] as string[] };

  function tell(): string[] {
    const heard = lanes.map((lane) => hear(lane, toCopy(breaker)));
    for (const [index, { lane }] of heard.entries()) lanes[index] = lane;
    return heard.flatMap(({ next }) => next);
  }
  const at = (index: number) => ({
    ask(run: string, how: Omit<Wanted, 'run' | 'now'> = forward) {
      const wanted = { ...how, run, now: cluster.now };
      let isGranted = false;
      if (isProbe(of(index), wanted, options)) {
        const asked = probe(breaker, cluster.now, toLeaseEnd(wanted));
        ({ isGranted, state: breaker } = asked);
        lanes[index] = hear(of(index), toCopy(breaker)).lane;
      }
      const after = admit(of(index), wanted, options, isGranted);
      lanes[index] = after.lane;
      cluster.called.push(...after.next);
      return after.barrier;
    },
    end(run: string, how: How = healthy) {
      const after = release(of(index), { ...how, run, now: cluster.now }, options);
      lanes[index] = after.lane;
      if (after.outcomes.length === 0) return after.next;
      cluster.told += 1;
      breaker = learn(breaker, after.outcomes, breakerOptions);
      return [...after.next, ...tell()];
    },
    view: () => ({ ...viewLane(of(index)), ...viewBreaker(breaker) }),
  });
  return Object.assign(cluster, { at });
}

function createLane() {
  const lanes = createLanes(1);
  return Object.assign(lanes, lanes.at(0));
}

test('calls in flight are bounded, and who waits is called in its turn', () => {
  const lane = createLane();
  expect(['a', 'b', 'c', 'd'].map((run) => lane.ask(run))).toEqual([null, null, 'full', 'full']);
  expect(lane.view()).toMatchObject({ inFlight: 2, waiting: 2 });
  expect(lane.end('a')).toEqual(['c']);
  expect(lane.ask('c')).toBeNull();
});

test('a run that was called out of the line is overtaken by nobody for a while', () => {
  const lane = createLane();
  for (const run of ['a', 'b', 'c']) lane.ask(run);
  lane.end('a');
  expect(lane.ask('newcomer')).toBe('full');
  lane.now += 40_000;
  expect(lane.ask('newcomer')).toBeNull();
});

test('undos leave one permit to the others, and go first in the line', () => {
  const lane = createLane();
  expect(lane.ask('undo-1', undo)).toBeNull();
  expect(lane.ask('undo-2', undo)).toBe('full');
  expect(lane.ask('a')).toBeNull();
  expect(lane.ask('b')).toBe('full');
  expect(lane.end('undo-1')).toEqual(['undo-2']);
});

test('an undo that finds the line full takes the place of the last run of the lowest rank', () => {
  const lane = createLane();
  const newcomer = { ...forward, priority: 'new' } as const;
  for (const run of ['a', 'b', 'x']) lane.ask(run);
  for (const run of ['new-1', 'new-2']) lane.ask(run, newcomer);
  for (let i = 3; i < 1_000; i++) lane.ask(`x-${i}`);
  expect(lane.view().waiting).toBe(1_000);
  // Nobody gives way to its own rank.
  for (const run of ['new-3', 'undo-1', 'new-2']) lane.ask(run, run === 'undo-1' ? undo : newcomer);
  expect(lane.view().waiting).toBe(1_000);
  const called: string[] = [];
  for (let next = lane.end('a'); next.length > 0; next = lane.end(next[0] ?? '')) {
    called.push(...next);
    for (const run of next) lane.ask(run, run === 'undo-1' ? undo : forward);
  }
  expect([called.length, called[0], called[1], called.at(-1)]).toEqual([
    1_000,
    'undo-1',
    'x',
    'new-1',
  ]);
});

test('a run in line that is to be undone goes before those that are not', () => {
  const lane = createLane();
  for (const run of ['a', 'b', 'c', 'd']) lane.ask(run);
  lane.ask('d', undo);
  expect(lane.view().waiting).toBe(2);
  expect(lane.end('a')).toEqual(['d']);
});

test('a permit whose end is never told comes back by itself', () => {
  const lane = createLane();
  lane.ask('a');
  lane.ask('b');
  expect(lane.ask('c')).toBe('full');
  lane.now += 100_000;
  expect(lane.ask('c')).toBeNull();
});

test('an announced run that asks again keeps its permit', () => {
  const lane = createLane();
  lane.ask('a');
  lane.ask('b');
  expect(lane.ask('a')).toBeNull();
  expect(lane.view().inFlight).toBe(2);
});

/** With two failures of two runs. */
function openBreaker() {
  const lane = createLane();
  for (const run of ['a', 'b', 'c']) lane.ask(run);
  lane.end('a', failing);
  lane.ask('c');
  return { lane, next: lane.end('b', failing) };
}

test('an open breaker lets one probe through when its time has come, and closes when that is served', () => {
  const { lane } = openBreaker();
  lane.end('c', failing);
  expect(lane.ask('d')).toBe('open');
  lane.now += 2_000;
  expect(lane.ask('d')).toBeNull();
  expect(lane.ask('e')).toBe('open');
  lane.end('d');
  expect(lane.view()).toMatchObject({ breaker: 'closed', healedAt: lane.now, openings: 1 });
  expect(lane.ask('e')).toBeNull();
});

test('who stands in line when the breaker opens is told to park', () => {
  const lane = createLane();
  for (const run of ['a', 'b', 'c', 'd']) lane.ask(run);
  lane.end('a', failing);
  expect(lane.end('b', failing)).toEqual(['d']);
  expect(lane.view().waiting).toBe(0);
});

test('a run that was called, and parks, leaves its place to others', () => {
  const { lane } = openBreaker();
  // Called when b ended; then everything that was under way ends.
  lane.end('c', failing);
  lane.now += 2_000;
  for (const run of ['d', 'e', 'f', 'g']) lane.ask(run);
  lane.end('d');
  for (const run of ['d', 'e', 'f', 'g']) lane.ask(run);
  expect([lane.end('d', failing), lane.end('e', failing)]).toEqual([['f'], ['g']]);
  expect([lane.ask('f'), lane.ask('g')]).toEqual(['open', 'open']);
  lane.now += 2_000;
  expect(lane.ask('h')).toBeNull();
});

test('who comes for a probe while no place is free parks, rather than being called at once', () => {
  const { lanes, one, other, third } = openBoth();
  lanes.now += 2_000;
  lanes.called = [];
  expect(third.ask('late')).toBe('open');
  expect(lanes.called).toEqual([]);
  expect([one.ask('d'), other.ask('D')]).toEqual([null, 'open']);
});

test('a probe that is never heard of again does not keep the breaker open', () => {
  const { lane } = openBreaker();
  lane.end('c', failing);
  lane.now += 2_000;
  expect(lane.ask('lost')).toBeNull();
  // Whoever looks after parked runs leaves it alone until then.
  const end = toLeaseEnd({ ...forward, run: 'lost', now: lane.now });
  expect(lane.view()).toMatchObject({ breaker: 'probing', nextTryAt: end });
  lane.now += 100_000;
  expect(lane.ask('d')).toBeNull();
});

test('a place that was kept in vain goes to the next in line, whoever comes by', () => {
  const lane = createLane();
  for (const run of ['a', 'b', 'c', 'd']) lane.ask(run);
  expect(lane.end('a')).toEqual(['c']);
  lane.now += 40_000;
  expect(lane.ask('b')).toBeNull();
  expect(lane.called).toEqual(['d']);
});

/** With a failure in each of two lanes. */
function openBoth() {
  const lanes = createLanes(3);
  const [one, other, third] = [lanes.at(0), lanes.at(1), lanes.at(2)];
  for (const run of ['x', 'y', 'z']) third.ask(run);
  for (const run of ['a', 'b']) one.ask(run);
  for (const run of ['A', 'B']) other.ask(run);
  one.end('a', failing);
  return { lanes, one, other, third, next: other.end('A', failing) };
}

test('what fails in several lanes opens the breaker of all, and who stands in line anywhere is told to park', () => {
  const { one, other, next } = openBoth();
  expect(next).toEqual(['z']);
  expect([one.ask('d'), other.ask('D')]).toEqual(['open', 'open']);
  expect(one.view()).toMatchObject({ breaker: 'open', openings: 1 });
});

test('lanes let one probe through between them, and what serves it closes the breaker of all', () => {
  const { lanes, one, other } = openBoth();
  lanes.now += 2_000;
  expect(other.ask('D')).toBeNull();
  expect(one.ask('d')).toBe('open');
  other.end('D');
  expect(one.ask('d')).toBeNull();
});

test('a probe that fails keeps all lanes waiting', () => {
  const { lanes, one, other } = openBoth();
  lanes.now += 2_000;
  other.ask('D');
  other.end('D', failing);
  expect([one.ask('d'), other.ask('E')]).toEqual(['open', 'open']);
});

test('calls of before it opened say nothing after it, in whichever lane', () => {
  const { one, other } = openBoth();
  one.end('b');
  other.end('B');
  expect(one.ask('d')).toBe('open');
});

test('a lane tells of what was served a few calls at a time', () => {
  const lane = createLane();
  for (const run of ['a', 'b', 'c', 'd']) {
    lane.ask(run);
    lane.end(run);
  }
  expect(lane.told).toBe(2);
  lane.ask('e');
  lane.end('e', failing);
  expect(lane.told).toBe(3);
});

test('a run that fails again, while another lane serves others, says nothing new', () => {
  const lanes = createLanes(2);
  const [one, other] = [lanes.at(0), lanes.at(1)];
  for (const run of ['a', 'b']) {
    other.ask(run);
    other.end(run);
  }
  for (const run of ['c', 'd']) {
    one.ask(run);
    one.end(run, { ...failing, failedAt: lanes.now - 1 });
  }
  expect(one.view()).toMatchObject({ breaker: 'closed' });
});
