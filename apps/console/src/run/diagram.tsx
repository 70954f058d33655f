/** The workflow from its description: forward, the way back under it, alternates, and deferred steps. */
import type { RunView, StepDescription, StepView, WorkflowDescription } from '@baton/contracts';
import { isBreakable } from '../live.ts';
import { toHash } from '../route.ts';
import { isSettled, plural, type Tone, toResultWords } from '../words.ts';
import { isByAlternate, isFinal, toWayBack } from './step-words.ts';

const stepWords: Readonly<Record<StepView['status'], readonly [string, Tone]>> = {
  waiting: ['not yet', 'idle'],
  running: ['under way', 'busy'],
  done: ['done', 'good'],
  refused: ['refused', 'bad'],
  failed: ['not done', 'bad'],
  undoing: ['its undo is owed', 'wait'],
  undone: ['undone', 'back'],
  skipped: ['never asked', 'idle'],
  deferred: ['deferred', 'wait'],
  parked: ['waits for its service', 'wait'],
  'written-off': ['written off', 'bad'],
};

interface DiagramProps {
  readonly workflow: WorkflowDescription;
  readonly run: RunView;
  readonly id: string;
}

export function Diagram({ workflow, run, id }: DiagramProps) {
  const described = workflow.versions.find(({ version }) => version === run.version)?.steps ?? [];
  const final = isFinal(run, described);
  return (
    <section aria-labelledby="steps-title">
      <h2 id="steps-title">Its steps</h2>
      <ol class="steps">
        {run.steps.map((step) => (
          <Step
            key={step.name}
            step={step}
            described={described.find(({ name }) => name === step.name)}
            run={run}
            id={id}
            noun={workflow.noun}
            final={final}
          />
        ))}
      </ol>
    </section>
  );
}

interface StepProps {
  readonly step: StepView;
  readonly described: StepDescription | undefined;
  readonly run: RunView;
  readonly id: string;
  readonly noun: string;
  readonly final: boolean;
}

function Step({ step, described, run, id, noun, final }: StepProps) {
  const [word, tone] = stepWords[step.status];
  const isAsked = run.inFlight?.step.split(':')[0] === step.name;
  const usesAlternate = isByAlternate(step);
  const other = described?.alternate?.participant;
  const isElsewhere = other !== undefined && other !== step.participant;
  return (
    <li class={`step ${described?.kind ?? 'step'} ${tone} ${isAsked ? 'asked' : ''}`}>
      <h3>{step.name}</h3>
      <p class={`state ${tone}`}>{word}</p>
      <p class={`who ${usesAlternate && isElsewhere ? 'given-up' : ''}`}>{step.participant}</p>
      {other !== undefined && (
        <p class={`who alternate ${usesAlternate ? 'used' : ''}`}>
          {usesAlternate ? 'done by' : 'else'} {isElsewhere ? other : 'another way there'}
        </p>
      )}
      <Attempts step={step} />
      <p class="result">
        {toResultWords(step.result)}
        {step.result && usesAlternate && isElsewhere && ` · at ${other}`}
      </p>
      {described && <WayBack status={step.status} words={toWayBack(step, described, final)} />}
      {isBreakable.value && !isSettled(run.status) && (
        <a class="quiet" href={toHash(['system'], { break: step.participant, order: id })}>
          Break {step.participant} for this {noun}
        </a>
      )}
    </li>
  );
}

function Attempts({ step: { attempts } }: { readonly step: StepView }) {
  if (attempts.length === 0) return null;
  const undos = attempts.filter(({ direction }) => direction === 'undo').length;
  return (
    <p class="attempts">
      <span aria-hidden="true">
        {attempts.slice(-24).map(({ number, direction, way, reply, at }) => (
          <i key={`${direction}${way}${number}${at}`} class={`${reply} ${direction}`} />
        ))}
      </span>
      <span class="quiet">
        {plural(attempts.length - undos, 'attempt')}
        {undos > 0 && `, ${plural(undos, 'attempt')} to undo it (squares)`}
      </span>
    </p>
  );
}

interface WayBackProps {
  readonly status: StepView['status'];
  readonly words: string;
}
const WayBack = ({ status, words }: WayBackProps) =>
  words === '' ? null : <p class={`way-back ${status}`}>{words}</p>;
