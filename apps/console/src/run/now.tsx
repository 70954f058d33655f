/** Where the run stands, in six answers: what was asked, what failed, what Baton did, where things are, what is owed, what is next. */
import type { RunStory, RunView } from '@baton/contracts';
import type { ComponentChildren } from 'preact';
import { useNow } from '../polled.ts';
import { toCountdown, toDuration } from '../words.ts';

interface NowProps {
  readonly run: RunView;
  readonly story: RunStory;
}

export function Now({ run, story }: NowProps) {
  const { asked, troubles, deeds, holdings, rest } = story;
  const isWaiting = run.next !== null || run.inFlight !== null;
  const isGoingBack = run.status === 'compensating' || run.status === 'stuck';
  const owed = rest.slice(0, -1);
  return (
    <section class="now" aria-label="Where it stands">
      <dl>
        {asked && (
          <Answer name="Asked for">
            <strong>{asked}</strong>
          </Answer>
        )}
        <Answer name="What failed">
          <Lines lines={troubles} none="Nothing." tone="bad" />
        </Answer>
        <Answer name="What Baton did">
          <Lines lines={deeds} none="It asked one service after the other." />
        </Answer>
        {holdings.length > 0 && (
          <Answer name="Where things are">
            <Holdings holdings={holdings} isGoingBack={isGoingBack} />
          </Answer>
        )}
        <Answer name="What is owed">
          <Lines lines={owed.map(toOwed)} none="Nothing." />
        </Answer>
        <Answer name="What is next">{isWaiting ? <Next run={run} /> : <p>{rest.at(-1)}</p>}</Answer>
      </dl>
    </section>
  );
}

/** The term beside it says so already. */
const toOwed = (line: string): string => line.replace(/^Nothing is owed\.$/, 'Nothing.');

interface AnswerProps {
  readonly name: string;
  readonly children: ComponentChildren;
}
const Answer = ({ name, children }: AnswerProps) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);

interface LinesProps {
  readonly lines: readonly string[];
  readonly none: string;
  readonly tone?: 'bad';
}
function Lines({ lines, none, tone }: LinesProps) {
  if (lines.length === 0) return <p>{none}</p>;
  return (
    <ul class={tone}>
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
}

const holdingWords = {
  holds: ['holds', 'good'],
  'may-hold': ['may hold, which is not known,', 'wait'],
  'gave-back': ['gave back', 'back'],
  never: ['never held', 'idle'],
  'written-off': ['still holds, though it was given up,', 'bad'],
} as const;
const backWords = { ...holdingWords, holds: ['holds, and is to give back', 'wait'] } as const;
const unsureWords = ['holds nothing now, but may have held', 'back'] as const;

interface HoldingsProps extends Pick<RunStory, 'holdings'> {
  readonly isGoingBack: boolean;
}
function Holdings({ holdings, isGoingBack }: HoldingsProps) {
  const known = isGoingBack ? backWords : holdingWords;
  return (
    <ul>
      {holdings.map(({ participant, what, state, unsure }) => {
        const [words, tone] = unsure ? unsureWords : known[state];
        return (
          <li key={`${participant} ${what}`}>
            <span class={`dot ${tone}`} aria-hidden="true" /> {participant} {words}{' '}
            <strong>{what}</strong>
          </li>
        );
      })}
    </ul>
  );
}

function Next({ run: { next, inFlight } }: Pick<NowProps, 'run'>) {
  const now = useNow(100);
  if (inFlight) {
    const { direction, step, number, since } = inFlight;
    return (
      <p>
        {direction === 'undo' && 'The undo of '}
        {step} was asked for, attempt {number}; no answer for{' '}
        <span class="figure">{toDuration(now - Date.parse(since))}</span>.
      </p>
    );
  }
  return next ? (
    <p>
      {next.what}, <span class="figure">{toCountdown(Date.parse(next.at) - now)}</span>.
    </p>
  ) : null;
}
