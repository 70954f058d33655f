/** What an orchestrator is made of. */
import type { Operations } from '@baton/contracts';
import type { FaultControl } from '@baton/faults';
import type { Clock, Engine, EngineOptions, Journal } from '@baton/saga';
import type { Log, Metrics, Tracing } from '@baton/telemetry';
import type { RequestHandler, Router } from 'express';
import type { BookKeeping } from './books/books.ts';
import type { RunParticipants } from './participants.ts';
import type { Workflows } from './workflow.ts';

/** What an orchestrator has besides runs: routes, checks of its readiness, something to stop. */
export interface Extension {
  /** For the document of its contract. */
  readonly operations?: Operations;
  readonly mount?: (router: Router) => void;
  readonly readChecks?: () => Readonly<Record<string, string>>;
  readonly stop?: () => void;
}

/** What an extension and the books can work with. */
export interface Running {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

export interface OrchestratorOptions
  extends Pick<
    EngineOptions,
    | 'clock'
    | 'random'
    | 'concurrencyMax'
    | 'openMax'
    | 'keepMs'
    | 'callsMax'
    | 'breaker'
    | 'isBlameless'
  > {
  readonly workflows: Workflows;
  readonly journal: Journal;
  /** The host that keeps and moves runs. Default: the embedded host, on the journal. */
  readonly createEngine?: ((options: EngineOptions) => Promise<Engine>) | undefined;
  /** Participants whose health is watched, by the names that steps have for them. */
  readonly participants?: RunParticipants;
  /** Without it, nothing is compared. */
  readonly books?: BookKeeping;
  readonly extend?: (running: Running) => Extension;
  readonly log?: Log;
  readonly metrics?: Metrics;
  /** Runs before every route but health, which supervisors ask: the place for your own authentication. */
  readonly middleware?: RequestHandler | undefined;
  /** Names by which it may be called, besides this machine's own. */
  readonly hosts?: readonly string[];
  /** Outside production only; without them there are no fault routes. */
  readonly faults?: FaultControl | undefined;
  /** Operators must show it; without one, only this machine operates. */
  readonly operatorToken?: string | undefined;
  readonly alertWebhookUrl?: string | undefined;
  /** Without it, runs are not traced, and pass their caller's trace on. */
  readonly tracing?: Tracing | undefined;
  /** Keeps how far traces were sent, and by which processes; without it, all is sent again after a restart. */
  readonly traceFolder?: string | undefined;
  /** The orchestrator's address, for commands that a person may type. */
  readonly address?: string;
  /** The address of Jaeger's page, for the links of runs. */
  readonly jaegerUrl?: string | undefined;
}
