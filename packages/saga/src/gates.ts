import type { Passages } from './decide.ts';
import { Gate, type GateOptions, type ParticipantView } from './gate.ts';

/** One gate for each participant, made when it is first asked for: plans name them, so there are few. */
export class Gates<T> {
  readonly #gates = new Map<string, Gate<T>>();
  readonly #create: (participant: string) => Gate<T>;

  constructor(options: GateOptions, surroundings: ConstructorParameters<typeof Gate<T>>[2]) {
    this.#create = (participant) => new Gate(participant, options, surroundings);
  }

  of(participant: string): Gate<T> {
    const known = this.#gates.get(participant);
    if (known) return known;
    const gate = this.#create(participant);
    this.#gates.set(participant, gate);
    return gate;
  }

  readonly passages: Passages = (participant, direction) => this.of(participant).read(direction);

  isParked(item: T): boolean {
    return [...this.#gates.values()].some((gate) => gate.isParked(item));
  }

  forget(item: T): void {
    for (const gate of this.#gates.values()) gate.forget(item);
  }

  release(item: T): void {
    for (const gate of this.#gates.values()) gate.release(item);
  }

  dismiss(item: T): void {
    for (const gate of this.#gates.values()) gate.dismiss(item);
  }

  stop(): void {
    for (const gate of this.#gates.values()) gate.stop();
  }

  views(): ParticipantView[] {
    return [...this.#gates.values()].map((gate) => gate.view());
  }
}
