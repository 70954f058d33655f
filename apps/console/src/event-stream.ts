/**
 * Server-Sent Events, read with `fetch`: an EventSource gives up for good at the first refusal, and cannot say why.
 * After a lost connection it goes on behind the last event seen, so that no event is missed and none comes twice.
 * As long as none was seen, each connection begins with a `reset`: the server then tells only what comes from now on.
 */
export interface StreamEvent {
  readonly id: string | undefined;
  readonly type: string;
  readonly data: unknown;
}

/** Gets text as it comes, cut anywhere. Pure, but for the text of an event that is not whole yet. */
export function createParser(onEvent: (event: StreamEvent) => void): (text: string) => void {
  let rest = '';
  return (text) => {
    const blocks = (rest + text).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const event = readEvent(block);
      if (event) onEvent(event);
    }
  };
}

function readEvent(block: string): StreamEvent | undefined {
  const fields = new Map<string, string>();
  for (const line of block.split('\n')) {
    const [, name, value] = /^(\w+): ?(.*)$/.exec(line) ?? [];
    if (name && value !== undefined) fields.set(name, value);
  }
  const data = fields.get('data');
  if (data === undefined) return undefined;
  return { id: fields.get('id'), type: fields.get('event') ?? 'message', data: JSON.parse(data) };
}

export interface Following {
  readonly onEvent: (event: StreamEvent) => void;
  /** True once it listens; false when the connection was cut, and it tries again. */
  readonly onConnection: (isLive: boolean) => void;
  readonly signal: AbortSignal;
}

const retryMs = [200, 400, 800, 1_500, 3_000];
/** The server says something every 15 s. */
const silenceMaxMs = 40_000;

export async function follow(path: string, following: Following): Promise<void> {
  const { onEvent, onConnection, signal } = following;
  let lastId: string | undefined;
  let failures = 0;
  const remember = (event: StreamEvent): void => {
    lastId = event.id ?? lastId;
    onEvent(event);
  };
  while (!signal.aborted) {
    const headers: Record<string, string> = lastId === undefined ? {} : { 'last-event-id': lastId };
    await listen(path, headers, {
      onEvent: remember,
      onConnection: () => {
        failures = 0;
        onConnection(true);
        if (lastId === undefined) onEvent({ id: undefined, type: 'reset', data: {} });
      },
      signal,
    });
    if (signal.aborted) return;
    onConnection(false);
    const delayMs = retryMs[Math.min(failures, retryMs.length - 1)];
    failures += 1;
    await new Promise((resolve) => setTimeout(resolve, delayMs));
  }
}

/** Resolves when the connection has ended, however it did. */
async function listen(path: string, headers: Record<string, string>, following: Following) {
  const silent = new AbortController();
  const watch = () => setTimeout(() => silent.abort(), silenceMaxMs);
  let timer = watch();
  try {
    const signal = AbortSignal.any([following.signal, silent.signal]);
    const response = await fetch(path, { headers, signal });
    if (!response.ok || !response.body) return;
    following.onConnection(true);
    const parse = createParser(following.onEvent);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      clearTimeout(timer);
      timer = watch();
      parse(read.value);
    }
  } catch {
    // Cut: the caller tries again.
  } finally {
    clearTimeout(timer);
  }
}
