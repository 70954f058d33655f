/** A bench, and its report. */
export interface BenchOptions {
  /** Fewer and shorter rounds: enough to see that nothing has broken. */
  readonly isQuick: boolean;
  /** A real Jaeger takes the spans. */
  readonly hasJaeger: boolean;
  /** How many orders wait, for the bench of waiting orders. */
  readonly orders: number;
  /** Keeps the figures, for later runs to compare with. */
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
