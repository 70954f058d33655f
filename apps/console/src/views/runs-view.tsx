/** The runs of one workflow: placing them, the list, and one of them in full. */
import type { WorkflowDescription } from '@baton/contracts';
import { PlacePanel, Welcome } from '../place/place-panel.tsx';
import { route } from '../route.ts';
import { RunPage } from '../run/run-page.tsx';
import { RunList } from './run-list.tsx';

export function RunsView({ workflow }: { readonly workflow: WorkflowDescription }) {
  const [, id] = route.value.path;
  return (
    <div class={`runs ${id ? 'has-run' : ''}`}>
      <div class="side">
        {workflow.presets.length > 0 && (
          <PlacePanel workflow={workflow} isShort={id !== undefined} />
        )}
        <RunList workflow={workflow} selected={id} />
      </div>
      {id ? <RunPage key={id} workflow={workflow} id={id} /> : <Welcome workflow={workflow} />}
    </div>
  );
}
