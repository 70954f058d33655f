/** What happened and why, in plain words: the orchestrator's own. */
import type { RunStory } from '@baton/contracts';
import { Earlier, listNewest } from './newest.tsx';

export function Story({ story: { told } }: { readonly story: RunStory }) {
  const start = Date.parse(told[0]?.at ?? '');
  return (
    <section aria-labelledby="story-title">
      <h2 id="story-title">What happened</h2>
      <Earlier count={told.length} what="event" />
      <ol class="story">
        {listNewest(told).map(({ seq, at, type, text }) => (
          <li key={seq} class={type}>
            <time dateTime={at}>{((Date.parse(at) - start) / 1_000).toFixed(3)} s</time>
            <span>{text}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
