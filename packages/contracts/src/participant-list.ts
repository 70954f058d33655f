/** What follows from the list of participants, by name. */
import type { Operations } from './operation.ts';
import { type ParticipantName, participantEntries } from './participants.ts';

/** Where the orchestrator listens unless it is told otherwise. */
export const orchestratorPort = 4000;

export interface ListedParticipant {
  readonly name: ParticipantName;
  /** The app in `apps/`, and its package. */
  readonly program: string;
  readonly operations: Operations;
  /** Of its contract. */
  readonly version: number;
  /** Unless it is told otherwise. */
  readonly port: number;
  /** The orchestrator's setting that says where it is. */
  readonly urlVariable: string;
  /** In front of an operation's verb, where a fault names it. */
  readonly faultPrefix: string;
}

export const listedParticipants: readonly ListedParticipant[] = Object.entries(
  participantEntries,
).map(([name, entry]) => ({
  name: name as ParticipantName,
  program: 'program' in entry ? entry.program : name,
  operations: entry.operations,
  version: 'version' in entry ? Number(entry.version) : 1,
  port: orchestratorPort + entry.portOffset,
  urlVariable: `${name.toUpperCase().replaceAll('-', '_')}_URL`,
  faultPrefix: name.replace(/-service$/, ''),
}));

/** One value for each participant, by name. */
export const mapParticipants = <T>(
  to: (participant: ListedParticipant) => T,
): Readonly<Record<ParticipantName, T>> =>
  Object.fromEntries(
    listedParticipants.map((participant) => [participant.name, to(participant)]),
  ) as Record<ParticipantName, T>;

export function findParticipant(name: string): ListedParticipant | undefined {
  return listedParticipants.find((participant) => participant.name === name);
}

/** The apps, each once. */
export const participantPrograms: readonly string[] = [
  ...new Set(listedParticipants.map(({ program }) => program)),
];
