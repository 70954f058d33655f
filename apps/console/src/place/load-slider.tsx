/** Many runs at once: how many a second, and their answers. */
import type { WorkflowDescription } from '@baton/contracts';
import { workflows } from '../live.ts';
import { toHash } from '../route.ts';
import { readLoad, setRate } from './load.ts';

export function LoadSlider({ workflow }: { readonly workflow: WorkflowDescription }) {
  const load = readLoad(workflow);
  const { sent, accepted, refused, failed } = load.counts.value;
  const rate = load.rate.value;
  return (
    <div class="load">
      <label>
        <span>
          {workflow.plural} a second: <strong class="figure">{rate}</strong>
        </span>
        <input
          type="range"
          min="0"
          max="200"
          step="5"
          value={rate}
          onInput={({ currentTarget }) => setRate(workflow, Number(currentTarget.value))}
        />
      </label>
      {sent > 0 && (
        <p class="quiet figure">
          {sent.toLocaleString()} sent, {accepted.toLocaleString()} accepted,{' '}
          {refused.toLocaleString()} refused as too many were open, {failed.toLocaleString()} failed
        </p>
      )}
    </div>
  );
}

/** Wherever the slider is out of sight. `current`: the view that is shown. */
export function LoadNotices({ current }: { readonly current: string | undefined }) {
  const loaded = workflows.value.filter(
    (workflow) => workflow.plural !== current && readLoad(workflow).rate.value > 0,
  );
  return loaded.map((workflow) => (
    <p key={workflow.plural} class="notice" role="status">
      This page places {readLoad(workflow).rate} {workflow.plural} a second:{' '}
      <a href={toHash([workflow.plural])}>change that</a>.
    </p>
  ));
}
