/** What took how long: every attempt, wait and restart, as in the run's trace. */
import type { RunStory, RunView, StorySpan } from '@baton/contracts';
import { useNow } from '../polled.ts';
import { isSettled, type Tone, toDuration } from '../words.ts';
import { Earlier, listNewest } from './newest.tsx';
import { toSpanName } from './step-words.ts';

interface Bar {
  readonly name: string;
  readonly words: string;
  readonly tone: Tone;
  readonly kind: StorySpan['kind'];
  readonly from: number;
  readonly to: number;
}

const replyTones = { ok: 'good', refused: 'bad', unsent: 'wait', unknown: 'bad' } as const;

function toTone({ kind, reply, direction, error }: StorySpan): Tone {
  if (kind === 'wait') return 'wait';
  if (!reply) return error ? 'bad' : 'idle';
  return reply === 'ok' && direction === 'undo' ? 'back' : replyTones[reply];
}

const toWords = ({ error, code, reply, fault }: StorySpan): string =>
  [error ?? code ?? reply ?? '', fault && `(broken on purpose: ${fault})`]
    .filter(Boolean)
    .join(' ');

const toBar = (span: StorySpan): Bar => ({
  name: toSpanName(span),
  words: toWords(span),
  tone: toTone(span),
  kind: span.kind,
  from: Date.parse(span.from),
  to: Date.parse(span.to),
});

function listOpenBars({ inFlight, next }: RunView, from: number, now: number): Bar[] {
  if (inFlight) {
    const name = `${inFlight.direction === 'undo' ? 'undo ' : ''}${inFlight.step}`;
    const since = Date.parse(inFlight.since);
    return [{ name, words: 'no answer yet', tone: 'busy', kind: 'attempt', from: since, to: now }];
  }
  if (!next || Date.parse(next.at) <= from) return [];
  return [{ name: 'wait', words: next.what, tone: 'wait', kind: 'wait', from, to: now }];
}

export function Waterfall({ run, story }: { readonly run: RunView; readonly story: RunStory }) {
  const isOpen = !isSettled(run.status) || run.degraded.length > 0;
  const now = useNow(isOpen ? 100 : 60_000);
  const known = listNewest(story.spans).map(toBar);
  const start = Date.parse(run.createdAt);
  const last = Math.max(start, ...known.map(({ to }) => to));
  const bars = [...known, ...(isOpen ? listOpenBars(run, last, now) : [])];
  const end = Math.max(last, start + 1, ...bars.map(({ to }) => to));
  const scale = (ms: number): string => `${(100 * (ms - start)) / (end - start)}%`;
  return (
    <section aria-labelledby="waterfall-title">
      <h2 id="waterfall-title">
        What took how long{' '}
        <span class="quiet">
          {toDuration(end - start)} {isOpen ? 'so far' : 'in all'}
        </span>
      </h2>
      <Earlier count={story.spans.length} what="part" />
      <ol class="waterfall">
        {bars.map((bar, place) => (
          <li key={`${bar.name} ${bar.from} ${String(place)}`} class={bar.kind}>
            <span class="name">{bar.name}</span>
            <span class="track" aria-hidden="true">
              <i
                class={bar.tone}
                style={{
                  left: scale(Math.max(bar.from, start)),
                  width: scale(start + Math.max(0, bar.to - bar.from)),
                }}
              />
            </span>
            <span class="figure">{bar.kind === 'mark' ? '' : toDuration(bar.to - bar.from)}</span>
            <span class={`words ${bar.tone}`}>{bar.words}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
