/** What is checked here is checked by `npm run typecheck`: the table's types, not what stands in it. */
import type { EventType } from '@baton/saga';
import { expect, expectTypeOf, it } from 'vitest';
import { type Telling, type Tellings, tellings } from './event-table.ts';

type Widened = EventType | 'made-up';

it('does not compile once there is a type of event that it does not tell', () => {
  // @ts-expect-error made-up has no entry
  const widened: Record<Widened, unknown> = tellings;
  expect(widened).not.toHaveProperty('made-up');
  const { quarantined, ...others } = tellings;
  // @ts-expect-error quarantined has no entry
  const lacking: Tellings = others;
  expect({ ...lacking, quarantined }).toEqual(tellings);
});

it('does not compile where an entry leaves one of its columns out', () => {
  expectTypeOf<Telling<'quarantined'>>().toEqualTypeOf<Required<Telling<'quarantined'>>>();
});

it('does not compile where a call does not say its direction and its reply', () => {
  // @ts-expect-error an attempt has a reply
  const silent: Telling<'undo-unknown'> = { ...tellings['undo-unknown'], reply: null };
  // @ts-expect-error a wait has a direction
  const lost: Telling<'undo-parked'> = { ...tellings['undo-parked'], direction: null };
  expect([silent.reply, lost.direction]).toEqual([null, null]);
});
