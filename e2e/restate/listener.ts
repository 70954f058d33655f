/** Follows the live events of all orders, as a page does: after a lost connection it goes on behind the last event heard. */
import { createOrchestratorClient } from '@baton/service-kit';
import { readRows } from '../src/books.ts';

export interface Listener {
  /** How often a `reset` came, as from a replica that is behind the last one. */
  countResets(): number;
  /** Orders in a replica's file whose events were not heard once each and in order, in words. */
  findFaults(dataDir: string, file: string): string[];
  close(): Promise<void>;
}

type Numbers = ReadonlyMap<string, readonly number[]>;

/** From the first event on. */
export function startListener(baseUrl: string): Listener {
  const client = createOrchestratorClient({ baseUrl });
  const leaving = new AbortController();
  /** Of each order, the numbers of its events. */
  const heard = new Map<string, number[]>();
  let resets = 0;
  async function listen(): Promise<void> {
    for await (const told of client.events({ lastEventId: '0', signal: leaving.signal })) {
      if (told.kind === 'event') note(told.event);
      if (told.kind === 'reset') resets += 1;
    }
  }
  function note({ orderId, seq }: { readonly orderId: string; readonly seq: number }): void {
    const numbers = heard.get(orderId) ?? [];
    heard.set(orderId, numbers);
    // After a reset, known events may come again.
    if (resets === 0 || !numbers.includes(seq)) numbers.push(seq);
  }
  const listening = listen();
  return {
    countResets: () => resets,
    findFaults: (dataDir, file) => findDifferences(heard, readAll(dataDir, file)),
    async close() {
      leaving.abort();
      await listening;
      await client.close();
    },
  };
}

function readAll(dataDir: string, file: string): Numbers {
  const sql = "SELECT run, event ->> 'seq' AS seq FROM events ORDER BY position";
  const rows = Map.groupBy(readRows(dataDir, file, sql), ({ run }) => String(run));
  return new Map([...rows].map(([run, events]) => [run, events.map(({ seq }) => Number(seq))]));
}

function findDifferences(heard: Numbers, all: Numbers): string[] {
  const toWords = (numbers: Numbers, id: string): string => numbers.get(id)?.join(' ') ?? 'nothing';
  return [...new Set([...heard.keys(), ...all.keys()])].flatMap((id) => {
    const [told, there] = [toWords(heard, id), toWords(all, id)];
    return told === there ? [] : [`of ${id}, a listener heard ${told}, and there is ${there}`];
  });
}
