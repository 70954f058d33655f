/** Whatever becomes of a call, an order comes to the same end on every host, by the same steps and with the same effects. */
import { createSqliteHouse } from '@baton/saga/fixtures/sqlite-house';
import { type CreateHost, createJournalHost, play, type Story } from '@baton/saga/fixtures/story';
import { type Fate, fates, type Script } from '@baton/saga/fixtures/world';
import { expect, test } from 'vitest';
import { createClusterHost } from './testing/cluster-host.ts';

const always = (fate: Fate): Fate[] => Array.from({ length: 99 }, () => fate);

/** What has to happen before such a call is made. */
const calls: Readonly<Record<string, Script>> = {
  'forward reserve': {},
  'forward pay': {},
  'forward pay:alt': { 'forward pay': always('drop') },
  'forward mail': {},
  'undo reserve': { 'forward pay': ['refuse'] },
  'undo pay': { 'forward pay': always('late') },
  'undo pay:alt': { 'forward pay': always('drop'), 'forward pay:alt': always('lost') },
};
const times = [1, 2, 5];
const scripts = Object.entries(calls).flatMap(([call, before]) =>
  fates.flatMap((fate) =>
    times.map((count): Script => ({ ...before, [call]: always(fate).slice(0, count) })),
  ),
);

async function tell(script: Script, createHost?: CreateHost) {
  const story: Story = { script };
  const { state, events, world, violations } = await play(story, createHost);
  const steps = events.map((event) =>
    [event.type, 'way' in event && event.way, 'code' in event && event.code].join(' '),
  );
  const { phase, reason, ways } = state;
  return { steps, phase, reason, ways: Object.keys(ways), rows: [...world.rows], violations };
}

test('in memory, on SQLite and on a cluster', async () => {
  for (const script of scripts) {
    const house = createSqliteHouse();
    const onSqlite = await tell(script, () => createJournalHost(house));
    house.remove();
    const inMemory = await tell(script);
    const onCluster = await tell(script, createClusterHost);
    expect({ script, ...onSqlite }).toEqual({ script, ...inMemory });
    expect({ script, ...onCluster }).toEqual({ script, ...inMemory });
    expect(inMemory.violations).toEqual([]);
  }
});
