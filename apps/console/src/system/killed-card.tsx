/** The process that was killed last: how long it was gone, and that no run was lost with it. */
import type { Audit } from '@baton/contracts';
import { useMemo } from 'preact/hooks';
import { frame, nameRuns, takeOver } from '../live.ts';
import { usePolled } from '../polled.ts';
import { plural, toClock, toDuration } from '../words.ts';
import { countFates, type Fates, judgeBooks } from './fates.ts';
import { type Killed, killed, orchestrator, standby } from './killing.ts';
import { createProof, unasked } from './proof.ts';

const askMs = 2_000;

export function KilledCard() {
  const last = killed.value;
  return last && <Told key={last.at} killed={last} />;
}

function Told({ killed: { name, at, open, afterMs } }: { readonly killed: Killed }) {
  void frame.value;
  const goneMs = name === orchestrator ? toTakeOver(at) : afterMs;
  const { find, look } = useMemo(() => createProof(open), [open]);
  const { value } = usePolled(goneMs === undefined ? unasked : look, askMs);
  return (
    <section class="card" aria-labelledby="killed-title">
      <h2 id="killed-title">
        {name} was killed at {toClock(at)}
      </h2>
      <p role="status">
        {goneMs === undefined && `It does not ${name === standby ? 'stand by' : 'serve'} yet.`}
        {goneMs === null && 'Nobody had started it again within 10 s.'}
        {typeof goneMs === 'number' &&
          `${backWords[name] ?? 'It served again'} after ${toDuration(goneMs)}.`}
      </p>
      <Proof all={open.length} fates={countFates(open, find)} books={value?.books} />
    </section>
  );
}

const backWords: Readonly<Record<string, string>> = {
  [orchestrator]: 'Another process served again',
  [standby]: 'Another process stood by',
};

/** Until the page had the next process’s first answer. */
const toTakeOver = (killedAt: number): number | undefined =>
  takeOver.value && takeOver.value.at > killedAt ? takeOver.value.at - killedAt : undefined;

interface ProofProps {
  readonly all: number;
  readonly fates: Fates;
  /** Undefined where there are no books. */
  readonly books: Audit | undefined;
}

function Proof({ all, fates: { completed, undone, stillOpen, lost }, books }: ProofProps) {
  const { noun, plural: many } = nameRuns();
  if (all === 0) return <p class="quiet">This page knew of no open {noun} then.</p>;
  return (
    <>
      <p>
        Of {plural(all, noun, many)} that this page knew to be open then, {completed} completed,{' '}
        {undone} undone, {stillOpen} still open,{' '}
        <strong class={`state ${lost === 0 ? 'good' : 'bad'}`}>{lost} lost</strong>.
      </p>
      {books && <Books audit={books} />}
    </>
  );
}

function Books({ audit }: { readonly audit: Audit }) {
  const [word, tone] = judgeBooks(audit);
  return (
    <p>
      <a href="#/books">The books</a>: <strong class={`state ${tone}`}>{word}</strong>
    </p>
  );
}
