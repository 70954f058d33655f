/** The processes in the picture of the system: each says what it is doing, and opens its faults by a click, outside production. */
import type { FaultState, Overview, ParticipantState } from '@baton/contracts';
import type { ComponentChildren } from 'preact';
import { isOn, toWords } from '../faults/kinds.ts';
import { toNodeId } from '../focus.ts';
import { useNow } from '../polled.ts';
import { plural, type Tone, toClock, toCountdown } from '../words.ts';
import { orchestrator, standby } from './killing.ts';

const breakerWords: Readonly<Record<ParticipantState['breaker'], readonly [string, Tone]>> = {
  closed: ['well', 'good'],
  open: ['left alone: calls are held back', 'bad'],
  probing: ['tried with one call', 'wait'],
  due: ['tried with the next call', 'wait'],
};

/** In a word, and in a colour. */
export const toCondition = ({ breaker, answers }: ParticipantState): readonly [string, Tone] =>
  answers === false ? ['does not answer', 'bad'] : breakerWords[breaker];

interface ChosenProps {
  readonly isChosen: boolean;
  /** Undefined where nothing may be broken. */
  readonly onChoose: (() => void) | undefined;
}

interface NodeProps extends ChosenProps {
  readonly name: string;
  readonly tone: Tone;
  readonly class?: string;
  readonly children: ComponentChildren;
}
function Node({ name, tone, class: kind = '', isChosen, onChoose, children }: NodeProps) {
  return (
    <li class={`node ${kind} ${tone} ${isChosen ? 'chosen' : ''}`}>
      <h3>
        {onChoose ? (
          <button type="button" id={toNodeId(name)} aria-expanded={isChosen} onClick={onChoose}>
            <span class="hidden">Break… </span>
            {name}
          </button>
        ) : (
          name
        )}
      </h3>
      {children}
    </li>
  );
}

export function OrchestratorNode({
  overview: { startedAt, moving, queued },
  ...chosen
}: ChosenProps & { readonly overview: Overview }) {
  return (
    <Node name={orchestrator} tone="good" {...chosen}>
      <p class="state">active since {toClock(Date.parse(startedAt))}</p>
      <Doing told={[told(moving, 'at work'), told(queued, 'queued')]} />
    </Node>
  );
}

export const StandbyNode = ({
  isWaiting,
  ...chosen
}: ChosenProps & { readonly isWaiting: boolean }) => (
  <Node name={standby} tone={isWaiting ? 'good' : 'wait'} {...chosen}>
    <p class="state">{isWaiting ? 'would take over' : 'there is none'}</p>
  </Node>
);

interface ParticipantProps extends ChosenProps {
  readonly state: ParticipantState;
  /** Its own. */
  readonly faults: readonly FaultState[];
}
export function ParticipantNode({ state, faults, ...chosen }: ParticipantProps) {
  const { name, nextTryAt, inFlight, waiting, parked, openings } = state;
  const [word, tone] = toCondition(state);
  return (
    <Node name={name} tone={tone} class="participant" {...chosen}>
      <p>
        <span class="state">{word}</span>
        {nextTryAt !== null && <Until at={nextTryAt} />}
      </p>
      <Doing
        told={[
          told(inFlight, 'asked now'),
          told(waiting, 'in line'),
          told(parked, 'wait until it is well'),
          openings > 0 && `left alone ${plural(openings, 'time')} so far`,
        ]}
      />
      {faults.filter(isOn).map(({ operation, fault }) => (
        <p key={operation} class="broken">
          {operation} {fault && toWords(fault)}
        </p>
      ))}
    </Node>
  );
}

type Told = string | false;

/** Leaves out zeros. */
const told = (count: number, what: string): Told =>
  count > 0 && `${count.toLocaleString()} ${what}`;

const Doing = ({ told: texts }: { readonly told: readonly Told[] }) => (
  <p class="quiet figure">{texts.filter(Boolean).join(', ') || 'idle'}</p>
);

function Until({ at }: { readonly at: string }) {
  const now = useNow();
  return <span class="figure">next try {toCountdown(Date.parse(at) - now)}</span>;
}
