/** The frame around every view: its links, and whether the view is live. */
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { connection, takeOver, workflows } from './live.ts';
import { LoadNotices } from './place/load-slider.tsx';
import { useNow } from './polled.ts';
import { type Route, route, toHash } from './route.ts';
import { TokenDialog } from './token-dialog.tsx';
import { BooksView } from './views/books-view.tsx';
import { RunsView } from './views/runs-view.tsx';
import { SystemView } from './views/system-view.tsx';
import { toDuration } from './words.ts';

/** The filters of each view, as they were last. */
const lastQueries = new Map<string, Route['query']>();

export function App() {
  const { path, query } = route.value;
  const [first = workflows.value[0]?.plural, id] = path;
  if (first) lastQueries.set(first, query);
  const title = [id ?? first, 'Baton'].filter(Boolean).join(' · ');
  useEffect(() => {
    document.title = title;
  }, [title]);
  return (
    <>
      <header class="bar">
        <a class="brand" href="#/">
          Baton
        </a>
        <nav aria-label="Views">
          {workflows.value.map(({ plural }) => (
            <Tab key={plural} path={plural} query={lastQueries.get(plural)} current={first}>
              {plural}
            </Tab>
          ))}
          <Tab path="system" current={first}>
            system
          </Tab>
          <Tab path="books" current={first}>
            books
          </Tab>
        </nav>
        <Connection />
      </header>
      <TakeOver />
      <LoadNotices current={first} />
      <main>
        <View name={first} />
      </main>
      <TokenDialog />
    </>
  );
}

function View({ name }: { readonly name: string | undefined }) {
  if (name === 'system') return <SystemView />;
  if (name === 'books') return <BooksView />;
  const workflow = workflows.value.find(({ plural }) => plural === name);
  if (workflow) return <RunsView key={workflow.plural} workflow={workflow} />;
  return (
    <>
      <h1 class="hidden">Baton</h1>
      <p class="empty" role="status">
        {workflows.value.length === 0 ? 'Asking the orchestrator…' : `There is no view “${name}”.`}
      </p>
    </>
  );
}

interface TabProps {
  readonly path: string;
  readonly query?: Route['query'] | undefined;
  readonly current: string | undefined;
  readonly children: ComponentChildren;
}
function Tab({ path, query, current, children }: TabProps) {
  return (
    <a href={toHash([path], query)} aria-current={current === path ? 'page' : undefined}>
      {children}
    </a>
  );
}

const connectionWords = {
  connecting: 'connecting…',
  live: 'live',
  lost: 'no answer — trying again',
} as const;

function Connection() {
  return (
    <p class={`connection ${connection.value}`} role="status">
      {connectionWords[connection.value]}
    </p>
  );
}

const takeOverShownMs = 30_000;

function TakeOver() {
  const now = useNow(1_000);
  const seen = takeOver.value;
  if (!seen || now - seen.at > takeOverShownMs) return null;
  return (
    <p class="notice" role="status">
      Another orchestrator took over {toDuration(seen.ms)} after the connection was lost. It went on
      from the journal: nothing that was accepted is lost, and <a href="#/books">the books</a> show
      it.
    </p>
  );
}
