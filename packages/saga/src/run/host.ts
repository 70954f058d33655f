// Where a run lives while the scheduler moves it: what `advance` asks for, from the journal, the clock and the lanes.
import type { Aim } from '../core/decide.ts';
import type { Clock } from './clock.ts';
import type { Lanes } from './lanes.ts';
import type { Admission, Host, PlannedCall } from './perform.ts';
import { toAnnouncement } from './recovery.ts';
import { type Run, readState } from './run.ts';
import type { RunWriter } from './run-writer.ts';

export interface HostOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly lanes: Lanes;
  readonly commit: RunWriter['commit'];
  /** A step threw. */
  readonly onError: (run: Run, error: unknown, call: PlannedCall) => void;
  /** A probe was admitted: should it never end, it is to be given up. */
  readonly onProbe: () => void;
}

export function createHost(run: Run, options: HostOptions): Host {
  const { clock, random, lanes, commit, onError } = options;
  return {
    id: run.id,
    clock,
    state: () => readState(run),
    secrets: () => run.secrets,
    look: () => ({ now: clock.now(), random: random(), healedAt: lanes.healedAt }),
    admit: (aims) => admit(run, aims, options),
    commit: (happenings) => commit(run, happenings),
    onError: (error, call) => onError(run, error, call),
    attempt: async ({ way, direction, number }, perform) => {
      const startedAt = clock.now();
      run.attempt = { way: way.name, direction, number, startedAt };
      const reply = await perform();
      run.attempt = null;
      lanes.giveBack(run, way.participant, reply);
      return { reply, startedAt, endedAt: clock.now() };
    },
  };
}

async function admit(
  run: Run,
  aims: readonly Aim[],
  { lanes, commit, onProbe }: HostOptions,
): Promise<Admission> {
  const admission = lanes.admit(run, aims);
  const { admitted } = admission;
  if (admitted && lanes.of(admitted.way.participant).isOpen) onProbe();
  const announcement = admitted && toAnnouncement(readState(run), admitted);
  if (announcement) await commit(run, [announcement]);
  return admission;
}
