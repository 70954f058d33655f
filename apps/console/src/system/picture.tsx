/** The system right now: its processes, and the calls between them. A click on a process breaks it. */
import type { FaultState, Overview, ParticipantState } from '@baton/contracts';
import { useState } from 'preact/hooks';
import { BreakPanel } from '../faults/break-panel.tsx';
import { KillButton } from '../faults/kill-button.tsx';
import { isOf } from '../faults/kinds.ts';
import { focusOn, toNodeId } from '../focus.ts';
import { findWorkflow, isBreakable } from '../live.ts';
import { useNow } from '../polled.ts';
import { route, toHash } from '../route.ts';
import { toDuration } from '../words.ts';
import { Figure } from './figure.tsx';
import { orchestrator, standby } from './killing.ts';
import { OrchestratorNode, ParticipantNode, StandbyNode } from './nodes.tsx';
import { Wires } from './wires.tsx';

interface PictureProps {
  readonly overview: Overview;
  readonly states: readonly ParticipantState[];
  readonly faults: readonly FaultState[];
  readonly onChange: () => void;
}

export function Picture({ overview, states, faults, onChange }: PictureProps) {
  const [chosen, setChosen] = useState<string | undefined>(route.value.query.break);
  const toOwn = (name: string) => faults.filter(({ operation }) => isOf(name, operation));
  const choose = (name: string) => ({
    isChosen: chosen === name,
    onChoose: isBreakable.value ? () => setChosen(chosen === name ? undefined : name) : undefined,
  });
  return (
    <section class="card" aria-labelledby="picture-title">
      <h2 id="picture-title">The system now</h2>
      <div class="map">
        <ul class="hosts" aria-label="Orchestrators">
          <OrchestratorNode overview={overview} {...choose(orchestrator)} />
          <StandbyNode isWaiting={overview.standby} {...choose(standby)} />
        </ul>
        <Wires states={states} />
        <ul aria-label="Services that are called">
          {states.map((state) => (
            <ParticipantNode
              key={state.name}
              state={state}
              faults={toOwn(state.name)}
              {...choose(state.name)}
            />
          ))}
        </ul>
      </div>
      <p class="quiet">
        A line is as thick as calls are under way, with a shade for calls that wait, and dashed
        while calls are held back. Numbers are read one after another: for a moment they may differ.
        {isBreakable.value && ' Click on a process to break or to kill it.'}
      </p>
      {chosen && isBreakable.value && (
        <Panel
          key={chosen}
          name={chosen}
          operations={toOwn(chosen).map(({ operation }) => operation)}
          onDone={() => {
            setChosen(undefined);
            focusOn(toNodeId(chosen));
            onChange();
          }}
        />
      )}
      <Totals overview={overview} />
    </section>
  );
}

interface PanelProps {
  readonly name: string;
  readonly operations: readonly string[];
  readonly onDone: () => void;
}
const Panel = ({ name, operations, onDone }: PanelProps) => (
  <div class="panel">
    <h3>{name}</h3>
    {operations.length > 0 && (
      <BreakPanel participant={name} operations={operations} onDone={onDone} />
    )}
    <KillButton name={name} />
  </div>
);

function Totals({ overview }: { readonly overview: Overview }) {
  const { open, openMax, stuck, degraded, oldest } = overview;
  return (
    <dl class="figures">
      <Figure name={`open, of at most ${openMax.toLocaleString()}`} value={open} />
      <Figure name="may need an operator" value={stuck} />
      <Figure name="owe a deferred step" value={degraded} />
      {oldest && <Oldest oldest={oldest} />}
    </dl>
  );
}

function Oldest({ oldest: { id, since } }: { oldest: NonNullable<Overview['oldest']> }) {
  const now = useNow(1_000);
  const workflow = findWorkflow(id);
  return (
    <div>
      <dt>open for longest</dt>
      <dd>
        <a href={toHash([workflow?.plural ?? '', id])}>{toDuration(now - Date.parse(since))}</a>
      </dd>
    </div>
  );
}
