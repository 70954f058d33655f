/** The list of runs, the newest first. Only the rows in sight are in the document, however many there are. */
import type { WorkflowDescription } from '@baton/contracts';
import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { frame, hasOlder, isFull, isRead, listIds, loadOlder, rows } from '../live.ts';
import { useNow } from '../polled.ts';
import { route, setQuery, toHash } from '../route.ts';
import { type Filter, matches, type Row } from '../rows.ts';
import {
  isSettled,
  plural,
  statuses,
  statusWords,
  toClock,
  toDuration,
  toShortId,
} from '../words.ts';
import { find, readFound } from './found.ts';

const rowHeight = 44;
const spare = 6;

interface ListProps {
  readonly workflow: WorkflowDescription;
  readonly selected: string | undefined;
}

/** The newest first. Without a filter, only rows in sight are looked at. */
interface Found {
  readonly length: number;
  readonly slice: (from: number, to: number) => readonly Row[];
}

function findRows(workflow: WorkflowDescription, filter: Filter): Found {
  const ids = listIds(workflow);
  const read = (id: string): readonly Row[] => {
    const row = rows.get(id);
    return row ? [row] : [];
  };
  if (filter.status === '' && filter.text === '')
    return {
      length: ids.length,
      slice: (from, to) =>
        ids
          .slice(Math.max(0, ids.length - to), ids.length - from)
          .reverse()
          .flatMap(read),
    };
  return ids
    .flatMap(read)
    .filter((row) => matches(row, filter))
    .reverse();
}

export function RunList({ workflow, selected }: ListProps) {
  const { status = '', text = '' } = route.value.query;
  void frame.value;
  const shown = findRows(workflow, { status, text, found: readFound(workflow, text)?.ids });
  return (
    <section class="list" aria-label={`List of ${workflow.plural}`}>
      <Filters workflow={workflow} status={status} text={text} />
      <p class="count">
        {plural(shown.length, workflow.noun, workflow.plural)}
        {hasOlder(workflow) && ', and older ones'}
      </p>
      <Elsewhere workflow={workflow} text={text} />
      {shown.length === 0 ? (
        <Nothing workflow={workflow} isFiltered={status !== '' || text !== ''} />
      ) : (
        <Rows found={shown} workflow={workflow} selected={selected} />
      )}
    </section>
  );
}

function Nothing({ workflow, isFiltered }: { workflow: WorkflowDescription; isFiltered: boolean }) {
  if (!isRead(workflow)) return <p class="empty">Asking for the {workflow.plural}…</p>;
  return (
    <p class="empty">
      {isFiltered ? (
        <>
          None of the {workflow.plural} loaded here match.{' '}
          {hasOlder(workflow) && !isFull(workflow) && (
            <button type="button" onClick={() => void loadOlder(workflow)}>
              Look at older ones
            </button>
          )}
        </>
      ) : (
        `There are no ${workflow.plural} yet.`
      )}
    </p>
  );
}

/** Search by a word of a run's request, where the workflow offers it. */
function Elsewhere({ workflow, text }: { workflow: WorkflowDescription; text: string }) {
  const { searchable, idPrefix, plural: many } = workflow;
  if (!searchable || text === '' || text.startsWith(idPrefix)) return null;
  const { looked = 0, cursor, why } = readFound(workflow, text) ?? {};
  const isBegun = looked > 0 || (cursor === null && why === undefined);
  return (
    <p class="quiet" role="status">
      {why ??
        (isBegun &&
          `${searchable} ${text}: looked at ${plural(looked, workflow.noun, many)}.`)}{' '}
      {(!isBegun || cursor) && (
        <button type="button" onClick={() => void find(workflow, text)}>
          {isBegun ? 'Look at older ones' : `Find ${searchable} ${text}`}
        </button>
      )}
    </p>
  );
}

/** Opens an id, loaded or not. */
function Filters({ workflow, status, text }: { workflow: WorkflowDescription } & Filter) {
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (text.startsWith(workflow.idPrefix)) location.hash = toHash([workflow.plural, text]);
    else if (workflow.searchable && text !== '') void find(workflow, text);
  };
  return (
    <search>
      <form class="filters" onSubmit={submit}>
        <label class="grow">
          <span class="quiet">Find by id{workflow.searchable && ` or ${workflow.searchable}`}</span>
          <input
            type="search"
            value={text}
            placeholder={`${workflow.idPrefix}…`}
            onInput={({ currentTarget }) => setQuery('text', currentTarget.value.trim())}
          />
        </label>
        <label>
          <span class="quiet">Show</span>
          <select
            value={status}
            onChange={({ currentTarget }) => setQuery('status', currentTarget.value)}
          >
            <option value="">all</option>
            <option value="open">open</option>
            {statuses.map((name) => (
              <option key={name} value={name}>
                {statusWords[name][0]}
              </option>
            ))}
            <option value="degraded">owing a step</option>
          </select>
        </label>
      </form>
    </search>
  );
}

/** Newer rows come above: a list that is scrolled goes down with them, so that no row moves under the pointer. */
function useStandstill(
  box: RefObject<HTMLDivElement | null>,
  found: Found,
  setTop: (top: number) => void,
): void {
  const before = useRef({ length: 0, newest: '' });
  useLayoutEffect(() => {
    const { length, newest } = before.current;
    const newer = found.slice(0, Math.max(0, found.length - length) + 1);
    const grown = newer.findIndex(({ id }) => id === newest);
    before.current = { length: found.length, newest: newer[0]?.id ?? '' };
    if (grown <= 0 || !box.current || box.current.scrollTop === 0) return;
    box.current.scrollTop += grown * rowHeight;
    setTop(box.current.scrollTop);
  });
}

function Rows({ found, workflow, selected }: ListProps & { readonly found: Found }) {
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);
  useEffect(() => {
    if (!box.current) return;
    const observer = new ResizeObserver(([entry]) => setHeight(entry?.contentRect.height ?? 600));
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  useStandstill(box, found, setTop);
  const first = Math.max(0, Math.floor(top / rowHeight) - spare);
  const shown = found.slice(first, first + Math.ceil(height / rowHeight) + 2 * spare);
  const onScroll = ({ currentTarget }: { readonly currentTarget: HTMLDivElement }): void => {
    setTop(currentTarget.scrollTop);
    const { scrollTop, clientHeight, scrollHeight } = currentTarget;
    if (scrollTop + clientHeight > scrollHeight - 10 * rowHeight) void loadOlder(workflow);
  };
  return (
    <div class="rows" ref={box} onScroll={onScroll}>
      <div class="spacer" style={{ height: `${found.length * rowHeight}px` }}>
        <ul style={{ transform: `translateY(${first * rowHeight}px)` }}>
          {shown.map((row, place) => (
            <li key={row.id} aria-setsize={found.length} aria-posinset={first + place + 1}>
              <RowLink row={row} workflow={workflow} isSelected={row.id === selected} />
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}

/** Arrows go from row to row. */
function moveFocus(event: KeyboardEvent): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const item = document.activeElement?.closest('li');
  const next = step > 0 ? item?.nextElementSibling : item?.previousElementSibling;
  next?.querySelector('a')?.focus();
  event.preventDefault();
}

interface RowProps {
  readonly row: Row;
  readonly workflow: WorkflowDescription;
  readonly isSelected: boolean;
}
function RowLink({ row, workflow, isSelected }: RowProps) {
  const [word, tone] = statusWords[row.status];
  return (
    <a
      class="row"
      onKeyDown={moveFocus}
      href={toHash([workflow.plural, row.id], route.value.query)}
      aria-current={isSelected ? 'true' : undefined}
    >
      <span class={`dot ${tone}`} aria-hidden="true" />
      <span class="id">{toShortId(row.id)}</span>
      <span class={`state ${tone}`}>
        {word}
        {toMore(row)}
      </span>
      <span class="quiet when">
        <Lasted row={row} />
      </span>
    </a>
  );
}

function toMore({ status, code, step, degraded }: Row): string {
  if (degraded.length > 0) return ` · owes ${degraded.join(', ')}`;
  if (code !== null) return ` · ${code}`;
  return step !== null && !isSettled(status) ? ` · ${step}` : '';
}

function Lasted({ row }: { readonly row: Row }) {
  const now = useNow(isSettled(row.status) ? 60_000 : 1_000);
  if (row.endedAt !== null) return <>{toDuration(row.endedAt - row.createdAt)}</>;
  return <>{isSettled(row.status) ? toClock(row.createdAt) : toDuration(now - row.createdAt)}</>;
}
