import type { Event } from '@baton/saga';

type EventOf<T extends Event['type']> = Extract<Event, { readonly type: T }>;

export const pick = <T extends Event['type']>(
  events: readonly Event[],
  type: T,
): readonly EventOf<T>[] => events.filter((event): event is EventOf<T> => event.type === type);

/** How often an attempt at this step ended so. */
export const count = (events: readonly Event[], type: Event['type'], way: string): number =>
  pick(events, type).filter((event) => 'way' in event && event.way === way).length;
