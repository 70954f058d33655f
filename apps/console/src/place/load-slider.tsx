/** Many runs at once: how many a second, and their answers. */
import type { WorkflowDescription } from '@baton/contracts';
import { useEffect, useRef, useState } from 'preact/hooks';
import { type LoadCounts, noLoad, startLoad } from './load.ts';

export function LoadSlider({ workflow }: { readonly workflow: WorkflowDescription }) {
  const [rate, setRate] = useState(0);
  const [counts, setCounts] = useState<LoadCounts>(noLoad);
  const wanted = useRef(0);
  wanted.current = rate;
  const isOn = rate > 0;
  useEffect(() => {
    if (!isOn) return;
    const body = workflow.presets[0]?.body;
    return startLoad(workflow, { body, readRate: () => wanted.current }, setCounts);
  }, [isOn, workflow]);
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
          onInput={({ currentTarget }) => setRate(Number(currentTarget.value))}
        />
      </label>
      {counts.sent > 0 && (
        <p class="quiet figure">
          {counts.sent.toLocaleString()} sent, {counts.accepted.toLocaleString()} accepted,{' '}
          {counts.refused.toLocaleString()} refused as too many were open,{' '}
          {counts.failed.toLocaleString()} failed
        </p>
      )}
    </div>
  );
}
