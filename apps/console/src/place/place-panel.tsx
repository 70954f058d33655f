/** Runs to place by a click: one for each kind of trouble, one of your own, or many at once. */
import type { Preset, WorkflowDescription } from '@baton/contracts';
import { useState } from 'preact/hooks';
import { toId } from '../live.ts';
import { go, route } from '../route.ts';
import { Basket } from './basket.tsx';
import { readLoad } from './load.ts';
import { LoadSlider } from './load-slider.tsx';
import { isPlacing, placeOnce } from './placing.ts';

interface PlaceProps {
  readonly workflow: WorkflowDescription;
}

/** Places a run and goes there; `problem` says why the run was not accepted. */
function usePlace(workflow: WorkflowDescription) {
  const [problem, setProblem] = useState('');
  const place = async (body: unknown, baggage?: string): Promise<void> => {
    const answer = await placeOnce(workflow, body, baggage);
    if (!answer) return;
    setProblem(answer.ok ? '' : answer.why);
    if (answer.ok) go([workflow.plural, toId(workflow, answer.body)], route.value.query);
  };
  return { place, problem };
}

const Problem = ({ problem }: { readonly problem: string }) =>
  problem ? (
    <p class="problem" role="alert">
      {problem}
    </p>
  ) : null;

/** `isShort`: beside a run, the names of the presets must do. */
export function PlacePanel({ workflow, isShort }: PlaceProps & { readonly isShort: boolean }) {
  const { place, problem } = usePlace(workflow);
  const { noun, presets, basket } = workflow;
  const [wasLoaded] = useState(() => readLoad(workflow).rate.peek() > 0);
  return (
    <section class="place" aria-labelledby="place-title">
      <h2 id="place-title">
        Place {/^[aeiou]/.test(noun) ? 'an' : 'a'} {noun}
      </h2>
      {isShort && (
        <ul class="presets">
          {presets.map(({ title, expect, body, baggage }) => (
            <li key={title}>
              <button
                type="button"
                title={expect}
                aria-disabled={isPlacing}
                onClick={() => void place(body, baggage)}
              >
                {title}
              </button>
            </li>
          ))}
        </ul>
      )}
      <Problem problem={problem} />
      {basket && (
        <details>
          <summary>One of your own</summary>
          <Basket workflow={workflow} basket={basket} place={place} />
        </details>
      )}
      <details open={wasLoaded}>
        <summary>Many at once</summary>
        <LoadSlider workflow={workflow} />
      </details>
    </section>
  );
}

/** The presets in full, as long as no run is chosen. */
export function Welcome({ workflow }: PlaceProps) {
  const { place, problem } = usePlace(workflow);
  const { noun, presets } = workflow;
  return (
    <section class="welcome">
      <h1>Every accepted {noun} ends whole</h1>
      <p>
        Baton asks one service after the other. Whatever breaks on the way, the {noun} is either
        completed, or everything that was done for it is undone.
        {presets.length > 0 ? ' Place one, and watch:' : ' Choose one of the list.'}
      </p>
      <Problem problem={problem} />
      <ul class="presets">
        {presets.map((preset) => (
          <li key={preset.title}>
            <PresetCard preset={preset} onClick={() => void place(preset.body, preset.baggage)} />
          </li>
        ))}
      </ul>
    </section>
  );
}

interface CardProps {
  readonly preset: Preset;
  readonly onClick: () => void;
}
const PresetCard = ({ preset: { title, expect }, onClick }: CardProps) => (
  <button type="button" aria-disabled={isPlacing} onClick={onClick}>
    <strong>{title}</strong>
    <span class="quiet">{expect}</span>
  </button>
);
