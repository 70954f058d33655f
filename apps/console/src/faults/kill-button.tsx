/** Ends one process as kill -9 does. */
import { useState } from 'preact/hooks';
import { kill } from '../system/killing.ts';

export function KillButton({ name }: { readonly name: string }) {
  const [problem, setProblem] = useState('');
  return (
    <p class="actions">
      <button
        type="button"
        class="danger"
        onClick={() => void kill(name).then((why = '') => setProblem(why))}
      >
        Kill {name}
      </button>
      <span class="quiet">as kill -9 does</span>
      {problem && (
        <span class="problem" role="alert">
          {problem}
        </span>
      )}
    </p>
  );
}
