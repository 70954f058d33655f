/**
 * Alerts and what the watchdog must remember, kept as notices of the journal, so that a standby that takes over
 * resolves what its predecessor opened.
 *
 * 1. Nothing is told or shown before it is durable.
 * 2. The journal drops old notices, so every open alert is written again before that.
 */
import { type Notice, type Notices, noticesMax } from '@baton/saga';
import { z } from 'zod';
import { Alert } from './alert.ts';
import type { Watch } from './watchdog.ts';

/** What the watchdog remembers: no single observation shows it. */
const Memory = z.object({
  /** Of each participant's data, by its name. */
  incarnations: z.record(z.string(), z.string()),
  standbySeenAt: z.int().nullable(),
});
export type Memory = Readonly<z.infer<typeof Memory>>;

const Recorded = z.discriminatedUnion('type', [
  z.object({ type: z.literal('alert'), alert: Alert }),
  z.object({ type: z.literal('watch'), memory: Memory, open: z.array(Alert) }),
]);

const resolvedMax = 200;
const sayAllEvery = noticesMax / 5;

export interface AlertBook {
  /** The newest first. */
  open(): readonly Alert[];
  resolved(): readonly Alert[];
  memory(): Memory;
  /** Resolves once it is durable; only then it shows. */
  record(watch: Watch, memory: Memory, at: number): Promise<void>;
}

export async function openAlertBook(notices: Notices): Promise<AlertBook> {
  const read = replayNotices((await notices.list(noticesMax)).toReversed());
  let { memory } = read;
  let open: readonly Alert[] = [...read.open.values()];
  let resolved: readonly Alert[] = read.resolved.toReversed().slice(0, resolvedMax);
  let sinceAll = read.sinceAll;
  return {
    open: () => open.toSorted((a, b) => b.openedAt - a.openedAt),
    resolved: () => resolved,
    memory: () => memory,
    record: async (watch, nextMemory, at) => {
      const alerts = [...watch.opened, ...watch.resolved];
      sinceAll += alerts.length;
      const isNew = JSON.stringify(nextMemory) !== JSON.stringify(memory);
      const news: Notice[] = alerts.map((alert) => ({ at, type: 'alert', alert }));
      if (isNew || sinceAll >= sayAllEvery) {
        news.push({ at, type: 'watch', memory: nextMemory, open: watch.open });
        sinceAll = 0;
      }
      await Promise.all(news.map((notice) => notices.add(notice)));
      memory = nextMemory;
      open = watch.open;
      resolved = [...watch.resolved, ...resolved].slice(0, resolvedMax);
    },
  };
}

/** The oldest first. Notices of other kinds are not the watchdog's. */
function replayNotices(notices: readonly Notice[]) {
  let memory: Memory = { incarnations: {}, standbySeenAt: null };
  let open = new Map<string, Alert>();
  const resolved: Alert[] = [];
  let sinceAll = 0;
  for (const notice of notices) {
    const { data } = Recorded.safeParse(notice);
    if (data?.type === 'watch') {
      memory = data.memory;
      open = new Map(data.open.map((alert) => [alert.id, alert]));
      sinceAll = 0;
    } else if (data) {
      sinceAll += 1;
      if (data.alert.resolvedAt === null) open.set(data.alert.id, data.alert);
      else {
        open.delete(data.alert.id);
        resolved.push(data.alert);
      }
    }
  }
  return { memory, open, resolved, sinceAll };
}
