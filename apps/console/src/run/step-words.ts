/** The page's words for the parts of a run: a step's ways, as far as they are still open, and its spans. Pure. */
import type { RunView, StepDescription, StepView, StorySpan } from '@baton/contracts';
import { isSettled } from '../words.ts';

/** The way that did the step; before that, the way that was tried last. */
export function isByAlternate({ attempts }: Pick<StepView, 'attempts'>): boolean {
  const tried = attempts.filter(({ direction }) => direction === 'forward');
  return (tried.find(({ reply }) => reply === 'ok') ?? tried.at(-1))?.way === 'alternate';
}

/** Once the pivot is done, or the run is over, no step can be undone any more. */
export const isFinal = (
  { status, steps }: Pick<RunView, 'status' | 'steps'>,
  described: readonly StepDescription[],
): boolean =>
  isSettled(status) ||
  described.some(
    ({ name, kind }) =>
      kind === 'pivot' && steps.some((step) => step.name === name && step.status === 'done'),
  );

const stands: ReadonlySet<StepView['status']> = new Set(['waiting', 'running', 'parked', 'done']);

/** Empty where there is nothing to say. */
export function toWayBack(
  { status }: Pick<StepView, 'status'>,
  { kind, first }: StepDescription,
  final: boolean,
): string {
  if (kind === 'later') return 'If it fails, the rest is completed, and this is done later.';
  if (status === 'undone') return '↩ undone';
  if (status === 'undoing') return '↩ to be undone';
  if (final || !stands.has(status)) return '';
  if (kind === 'pivot') return 'Once this is done, nothing is undone any more.';
  return first.hasUndo ? '↩ can be undone' : 'has nothing to undo';
}

/** The trace's names of moments, in the words of the rest of the page. */
const moments: Readonly<Record<string, string>> = {
  'alternate chosen': 'other way chosen',
  'step deferred': 'deferred',
  'compensation decided': 'undo decided',
  'order stuck': 'may need an operator',
  'order repaired': 'done after all',
};

export const toSpanName = ({ kind, name, step }: StorySpan): string =>
  kind === 'wait' && step ? `${name}: ${step}` : (moments[name] ?? name);
