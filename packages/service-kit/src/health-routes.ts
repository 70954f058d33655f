import { healthLive, healthReady } from '@baton/contracts';
import type { Memory } from './memory.ts';
import { createRoutes, type Route, type RouteSurroundings } from './route.ts';

export interface Readiness {
  readonly ready: boolean;
  /** What each check says, such as `store: ok`. */
  readonly checks: Readonly<Record<string, string>>;
}

interface Health extends Pick<RouteSurroundings, 'log'> {
  readonly store?: Pick<Memory, 'hasRoom'> | undefined;
  readonly ready?: (() => Readiness | Promise<Readiness>) | undefined;
}

function readStore(store: Health['store']): Readiness {
  const hasRoom = store?.hasRoom() ?? true;
  return { ready: hasRoom, checks: store ? { store: hasRoom ? 'ok' : 'disk full' } : {} };
}

export const createHealthRoutes = (
  service: string,
  { log, store, ready = () => readStore(store) }: Health,
): readonly Route[] =>
  createRoutes(
    { live: healthLive(service), ready: healthReady(service) },
    { log },
  )({
    live: () => ({ status: 200, body: { status: 'live' } }),
    ready: async () => {
      const { ready: isReady, checks } = await ready();
      return isReady
        ? { status: 200, body: { status: 'ready', checks } }
        : { status: 503, body: { status: 'not-ready', checks } };
    },
  });
