/** Runs that came and ended in the last minutes, as the serving orchestrator has counted them. */
import type { Overview } from '@baton/contracts';
import { toDuration } from '../words.ts';
import { Figure } from './figure.tsx';

type Counted = Overview['rates'];

export function Rates({ rates }: { readonly rates: Counted }) {
  const { sliceMs, accepted, completed, halfWithinMs, mostWithinMs } = rates;
  const toRate = (count = 0): string => ((count * 1_000) / sliceMs).toFixed(1);
  const top = Math.max(1, ...accepted, ...completed);
  return (
    <section class="card" aria-labelledby="rates-title">
      <h2 id="rates-title">The last minutes</h2>
      <dl class="figures">
        <Figure name="came each second" value={toRate(accepted.at(-1))} />
        <Figure name="completed, a second" value={toRate(completed.at(-1))} />
        <Figure name="half took less than" value={toTook(halfWithinMs)} />
        <Figure name="95 % took less than" value={toTook(mostWithinMs)} />
      </dl>
      <svg
        class="sparkline"
        viewBox={`0 0 ${accepted.length - 1} ${heightPx}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`At most ${toRate(top)} a second; accepted and completed, over ${toDuration(sliceMs * accepted.length)}`}
      >
        <polyline class="came" points={toPoints(accepted, top)} />
        <polyline class="good" points={toPoints(completed, top)} />
      </svg>
    </section>
  );
}

const toTook = (ms: number | null): string => (ms === null ? '–' : toDuration(ms));

const heightPx = 40;

const toPoints = (counts: readonly number[], top: number): string =>
  counts
    .map((count, place) => `${place},${heightPx - (heightPx - 2) * (count / top) - 1}`)
    .join(' ');
