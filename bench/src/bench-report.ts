/** What every bench is, and what it hands back. */
export interface BenchOptions {
  /** Less often, for less long: enough to see that nothing has gone wrong. */
  readonly isQuick: boolean;
  /** A real Jaeger takes the spans. */
  readonly hasJaeger: boolean;
  /** How many wait, where that is what is measured. */
  readonly orders: number;
  /** What was measured becomes what later runs are compared with. */
  readonly isLanding: boolean;
}
export interface BenchReport {
  readonly holds: boolean;
  /** For people, a line each. */
  readonly lines: readonly string[];
  /** For programs. */
  readonly figures: Readonly<Record<string, unknown>>;
}
/** Throws when it could not be measured. */
export type Bench = (options: BenchOptions) => Promise<BenchReport>;
