/** Describes the workflows to pages that know none of them. */
import type {
  descriptionOperations,
  Overview,
  StepDescription,
  WorkflowDescription,
} from '@baton/contracts';
import type { FaultControl } from '@baton/faults';
import type { Engine, PlannedStep, PlannedWay } from '@baton/saga';
import type { Handlers } from '@baton/service-kit';
import { countRates } from '../metrics/rates.ts';
import { toInstant } from '../run/instant.ts';
import type { Workflow, Workflows } from '../workflow.ts';

interface Described {
  readonly engine: Engine;
  readonly workflows: Workflows;
  readonly now: () => number;
  readonly faults: FaultControl | undefined;
}

/** Every page that is open asks again and again: counting once is enough for all of them. */
const freshMs = 1_000;
const countMax = 1_000;

export function createDescriptionHandlers(
  described: Described,
): Handlers<typeof descriptionOperations> {
  const { engine, workflows, now } = described;
  const body = { workflows: workflows.map(describeWorkflow) };
  const serving = { startedAt: now(), readRates: countRates(engine.feed, now) };
  let known: { readonly overview: Promise<Overview>; readonly at: number } | undefined;
  return {
    getWorkflows: () => ({ status: 200, body }),
    getOverview: async () => {
      if (!known || now() - known.at >= freshMs)
        known = { overview: readOverview(described, serving), at: now() };
      return { status: 200, body: await known.overview };
    },
  };
}

interface Serving {
  readonly startedAt: number;
  readonly readRates: () => Overview['rates'];
}

async function readOverview(
  { engine, faults }: Described,
  { startedAt, readRates }: Serving,
): Promise<Overview> {
  const count = async (status: 'stuck' | 'owing') =>
    (await engine.list({ status, limit: countMax })).length;
  const [oldest] = await engine.list({ status: 'open', limit: 1, oldestFirst: true });
  return {
    startedAt: toInstant(startedAt),
    standby: await engine.standby(),
    ...(await engine.counts()),
    stuck: await count('stuck'),
    degraded: await count('owing'),
    oldest: oldest ? { id: oldest.id, since: toInstant(oldest.acceptedAt) } : null,
    breakable: faults !== undefined,
    rates: readRates(),
  };
}

const describeWorkflow = (workflow: Workflow): WorkflowDescription => ({
  name: workflow.versions[0].name,
  noun: workflow.noun,
  plural: workflow.plural,
  idPrefix: workflow.idPrefix,
  versions: workflow.versions.map(({ version, plan }) => ({
    version,
    steps: plan.map(describeStep),
  })),
  presets: [...(workflow.presets ?? [])],
  ...(workflow.search && { searchable: workflow.search.label }),
  ...(workflow.basket && { basket: workflow.basket }),
});

const describeStep = ({ name, kind, first, alternate }: PlannedStep): StepDescription => ({
  name,
  kind,
  first: describeWay(first),
  alternate: alternate && describeWay(alternate),
});

const describeWay = ({ participant, undo }: PlannedWay) => ({
  participant,
  hasUndo: undo !== null,
});
