/** One run: where it stands, its workflow lit as it runs, what took how long, and its story in plain words. */
import type { WorkflowDescription } from '@baton/contracts';
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { focusOn, runTitle } from '../focus.ts';
import { route, toHash } from '../route.ts';
import { statusWords, toMoney } from '../words.ts';
import { Acts } from './acts.tsx';
import { Diagram } from './diagram.tsx';
import { Now } from './now.tsx';
import { Story } from './story.tsx';
import { useRun } from './use-run.ts';
import { Waterfall } from './waterfall.tsx';

interface RunProps {
  readonly workflow: WorkflowDescription;
  readonly id: string;
}

export function RunPage({ workflow, id }: RunProps) {
  const { shown, why, again } = useRun(workflow, id);
  if (!shown)
    return (
      <section class="run">
        <p class="empty" role="status">
          {why ?? `Reading ${workflow.noun} ${id}…`}
        </p>
      </section>
    );
  const { run, story } = shown;
  const [word, tone] = statusWords[run.status];
  return (
    <article class="run" aria-labelledby={runTitle}>
      <header class="run-head">
        <a class="go-back" href={toHash([workflow.plural], route.value.query)}>
          All {workflow.plural}
        </a>
        <Title>
          {workflow.noun} <code>{id}</code>
        </Title>
        <p>
          <strong class={`state pill ${tone}`}>{word}</strong> <Total run={run} />
          <span class="quiet"> version {run.version}</span>
          {run.links.trace && (
            <a class="trace" href={run.links.trace} target="_blank" rel="noreferrer">
              its trace in Jaeger
            </a>
          )}
        </p>
      </header>
      {why && (
        <p class="problem" role="status">
          {why} What is shown is as it was last.
        </p>
      )}
      <Now run={run} story={story} />
      <Acts workflow={workflow} id={id} story={story} onDone={again} />
      <Diagram workflow={workflow} run={run} id={id} />
      <Waterfall run={run} story={story} />
      <Story story={story} />
    </article>
  );
}

/** Takes the focus of a button that is gone. */
function Title({ children }: { readonly children: ComponentChildren }) {
  useEffect(() => {
    if (document.activeElement === document.body) focusOn(runTitle);
  }, []);
  return (
    <h1 id={runTitle} tabIndex={-1}>
      {children}
    </h1>
  );
}

function Total({ run }: { readonly run: object }) {
  if (!('total' in run)) return null;
  const { amountMinor, currency } = Object(run.total);
  return <span>{toMoney(amountMinor, currency)}</span>;
}
