/** The lines of the picture. Words beside them say the same. */
import type { ParticipantState } from '@baton/contracts';
import { toCondition } from './nodes.tsx';

/** In pixels; the rest of a crowd makes a line no thicker. */
const toWidth = (count: number, widthMax: number): number =>
  Math.min(widthMax, Math.sqrt(count) * 2);

export const Wires = ({ states }: { readonly states: readonly ParticipantState[] }) => (
  <svg class="wires" viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
    {states.map((state, place) => (
      <Wire key={state.name} state={state} y={((place + 0.5) / states.length) * 100} />
    ))}
  </svg>
);

function Wire({ state, y }: { readonly state: ParticipantState; readonly y: number }) {
  const { breaker, inFlight, waiting, parked } = state;
  const [, tone] = toCondition(state);
  const path = `M0,50 C50,50 50,${y} 100,${y}`;
  const queued = waiting + parked;
  return (
    <g class={`${tone} ${breaker}`}>
      {queued > 0 && <path class="queue" d={path} stroke-width={2 + toWidth(queued, 24)} />}
      <path class="line" d={path} stroke-width={2 + toWidth(inFlight, 8)} />
      {inFlight > 0 && <path class="calls" d={path} />}
    </g>
  );
}
