import { expect, it, onTestFinished, vi } from 'vitest';
import { createParser, follow, type StreamEvent } from './event-stream.ts';

function parse(...texts: readonly string[]): readonly StreamEvent[] {
  const events: StreamEvent[] = [];
  const read = createParser((event) => events.push(event));
  for (const text of texts) read(text);
  return events;
}

it('reads events that are cut anywhere', () => {
  const text =
    'id: 7\nevent: accepted\ndata: {"seq":1}\n\n: still here\n\nevent: reset\ndata: {}\n\n';
  const whole = parse(text);
  expect(whole).toEqual([
    { id: '7', type: 'accepted', data: { seq: 1 } },
    { id: undefined, type: 'reset', data: {} },
  ]);
  expect(parse(...text)).toEqual(whole);
});

/** Each connection says these, and is cut. */
async function followCut(...connections: readonly string[]) {
  vi.useFakeTimers();
  const stop = new AbortController();
  const asked: (string | undefined)[] = [];
  const heard: string[] = [];
  const left = [...connections];
  vi.stubGlobal('fetch', async (_path: string, request: RequestInit) => {
    asked.push(new Headers(request.headers).get('last-event-id') ?? undefined);
    const text = left.shift();
    if (text === undefined) stop.abort();
    return new Response(text);
  });
  onTestFinished(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });
  const following = follow('/events', {
    onEvent: ({ id, type }) => heard.push(id ?? type),
    onConnection: () => {},
    signal: stop.signal,
  });
  while (!stop.signal.aborted) await vi.advanceTimersByTimeAsync(1_000);
  await following;
  return { asked, heard };
}

const tell = (id: number): string => `id: ${id}\nevent: accepted\ndata: {}\n\n`;

it('goes on behind the last event that it saw whole, on each new connection', async () => {
  const { asked, heard } = await followCut(tell(1) + tell(2), `${tell(3)}id: 4\nevent: acc`, '');
  expect(asked).toEqual([undefined, '2', '3', '3']);
  expect(heard).toEqual(['reset', '1', '2', '3']);
});

it('says at each new connection that events may be missing, as long as it saw none', async () => {
  const { asked, heard } = await followCut('', ': still here\n\n', tell(1));
  expect(asked).toEqual([undefined, undefined, undefined, '1']);
  expect(heard).toEqual(['reset', 'reset', 'reset', '1']);
});
