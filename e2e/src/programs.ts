/** The participants' apps, by the list of participants. */
import { type ListedParticipant, participantPrograms } from '@baton/contracts';
import type { Participant, ParticipantOptions } from '@baton/service-kit';

/** A participant's tables, for tests that count its effects. */
export interface EffectTable {
  /** A row for each effect, also for an undone one unless the undo deletes it. */
  readonly effects: string;
  /** The change that an undo makes to an effect's row. */
  readonly undoes: 'UPDATE' | 'DELETE' | null;
  /** A row for each effect that stands: its `key`, and its `size` in the participant's unit. */
  readonly standing: string;
}

interface Program {
  readonly createService: (options: ParticipantOptions) => Participant;
  readonly effectTable: EffectTable;
}

const programs = new Map<string, Program>();
for (const name of participantPrograms) {
  const { createService } = await import(`@baton/${name}`);
  const { effectTable } = await import(`@baton/${name}/testing`);
  programs.set(name, { createService, effectTable });
}

export function findProgram({ program }: Pick<ListedParticipant, 'program'>): Program {
  const found = programs.get(program);
  if (!found) throw new Error(`apps/${program} is not there`);
  return found;
}
