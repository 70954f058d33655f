/** Faults that are on, how long they last, and how often they hit; and chaos by a seed. */
import type { FaultState } from '@baton/contracts';
import { useState } from 'preact/hooks';
import { type Answer, clearFault, clearFaults, wantToken } from '../api.ts';
import { faultsTitle, focusOn } from '../focus.ts';
import { hits, nameRuns } from '../live.ts';
import { useNow } from '../polled.ts';
import { plural, toDuration } from '../words.ts';
import { chaosMs, isChaos, startChaos } from './chaos.ts';
import { isOn, toWords } from './kinds.ts';

interface FaultsProps {
  readonly faults: readonly FaultState[];
  /** Why the faults cannot be read, where they cannot. */
  readonly why: string | undefined;
  readonly onChange: () => void;
}

export function FaultList({ faults, why, onChange }: FaultsProps) {
  const on = faults.filter(isOn);
  const [problem, setProblem] = useState('');
  const mend = async (clear: () => Promise<Answer<unknown>>): Promise<void> => {
    const answer = await clear();
    onChange();
    setProblem(answer.ok ? '' : answer.why);
    if (answer.ok) focusOn(faultsTitle);
  };
  if (why)
    return (
      <section class="card" aria-labelledby={faultsTitle}>
        <h2 id={faultsTitle} tabIndex={-1}>
          Broken on purpose
        </h2>
        <p>{why}</p>
        <button type="button" onClick={() => void wantToken().then(onChange)}>
          I operate here…
        </button>
      </section>
    );
  return (
    <section class="card faults" aria-labelledby={faultsTitle}>
      <h2 id={faultsTitle} tabIndex={-1}>
        Broken on purpose
      </h2>
      {on.length === 0 ? (
        <p class="quiet">
          Nothing is, but for {nameRuns().plural} that were placed so. Click on a service above, or:
        </p>
      ) : (
        <ul>
          {on.map((state) => (
            <li key={state.operation}>
              <Active state={state} />
              <button type="button" onClick={() => void mend(() => clearFault(state.operation))}>
                Mend {state.operation}
              </button>
            </li>
          ))}
        </ul>
      )}
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <p class="actions">
        {on.length > 0 && (
          <button type="button" onClick={() => void mend(clearFaults)}>
            Mend all
          </button>
        )}
        <Chaos operations={faults.map(({ operation }) => operation)} />
      </p>
    </section>
  );
}

function Active({ state: { operation, fault, hits: whom } }: { readonly state: FaultState }) {
  const now = useNow(500);
  if (!fault) return null;
  const count = hits.get(`${operation}:${fault.kind}`) ?? 0;
  const until = typeof fault.until === 'string' ? Date.parse(fault.until) - now : null;
  return (
    <p>
      <strong>{operation}</strong> {toWords(fault)}{' '}
      <span class="quiet">
        {whom?.replace(/,? ?until \S+$/, '')}
        {until !== null && `, ${toDuration(until)} more`}
        {`, ${plural(count, 'hit')} seen`}
      </span>
    </p>
  );
}

function Chaos({ operations }: { readonly operations: readonly string[] }) {
  const [seed, setSeed] = useState('7');
  const isOver = !isChaos.value;
  return (
    <>
      <button
        type="button"
        disabled={!isOver || operations.length === 0}
        onClick={() => startChaos(Number(seed), operations)}
      >
        {isOver ? `Chaos for ${chaosMs / 1_000} s` : 'Chaos…'}
      </button>
      <label class="inline">
        seed
        <input
          type="number"
          class="short"
          value={seed}
          disabled={!isOver}
          onInput={({ currentTarget }) => setSeed(currentTarget.value)}
        />
      </label>
    </>
  );
}
