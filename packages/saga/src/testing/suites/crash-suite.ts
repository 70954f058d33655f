import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CreateHost, type Ending, play as playOn, type Story } from '../../fixtures/story.ts';
import { type Fate, fates, type Script } from '../../fixtures/world.ts';

const always = (fate: Fate): Fate[] => Array.from({ length: 99 }, () => fate);
const stories: Readonly<Record<string, Story>> = {
  'all is well': { script: {} },
  'a payment is refused': {
    script: { 'forward pay': ['refuse'] },
  },
  'the replies of two payments are lost': { script: { 'forward pay': ['lost', 'lost'] } },
  'a reservation never arrives': { script: { 'forward reserve': always('drop') } },
  'payments arrive after they were given up': { script: { 'forward pay': always('late') } },
  'the first provider is gone': { script: { 'forward pay': always('drop') } },
  'both providers are gone': {
    script: { 'forward pay': always('lost'), 'forward pay:alt': always('late') },
  },
  'an alternate arrives once more after its undo': {
    script: { 'forward pay': always('drop'), 'forward pay:alt': ['late', ...always('lost')] },
  },
  'an undo is refused once and lost twice': {
    script: { 'forward pay': ['refuse'], 'undo reserve': ['refuse', 'lost', 'lost'] },
  },
  'mail is down for a while': { script: { 'forward mail': always('drop').slice(0, 6) } },
};

const toEnd = ({ state, world }: Ending) => ({
  phase: state.phase,
  live: world.live().sort(),
});

export interface CrashOptions {
  /** Of the points of a story, each so many is crashed at: a host that has many of them need not try all. */
  readonly every: number;
  readonly histories: number;
}

/** One order in trouble, on whatever host, whose process ends at whatever point. */
export function describeCrashes(
  name: string,
  createHost: CreateHost,
  { every, histories }: CrashOptions = { every: 1, histories: 200 },
): void {
  const play = (story: Story) => playOn(story, createHost);
  describe(`orders on a host ${name}`, () => {
    describe.each(Object.entries(stories))('when %s', (_, story) => {
      test('a crash at whatever point changes neither the end nor what is left', async () => {
        const undisturbed = await play(story);
        expect(undisturbed.violations).toEqual([]);
        expect(undisturbed.points).toBeGreaterThan(8);
        for (let point = 0; point < undisturbed.points; point += every) {
          const ending = await play({ ...story, crashAt: [point] });
          expect({ point, ...toEnd(ending) }).toEqual({ point, ...toEnd(undisturbed) });
          expect({ point, violations: ending.violations }).toEqual({ point, violations: [] });
        }
      });
    });

    test('a cancellation at whatever point leaves all or nothing, also when a crash follows', async () => {
      // An undo that has to wait is read again from the journal, which alone knows then what may exist.
      const story: Story = {
        script: { 'forward pay': ['lost'], 'undo pay': ['drop'], 'undo reserve': ['lost'] },
      };
      const { points } = await play(story);
      const ends = new Set<string>();
      for (let cancelAt = 0; cancelAt < points; cancelAt += every) {
        for (const crashAt of [[], [cancelAt + 1], [cancelAt + 2], [cancelAt + 4]]) {
          const { violations, state } = await play({ ...story, cancelAt, crashAt });
          expect({ cancelAt, crashAt, violations }).toEqual({ cancelAt, crashAt, violations: [] });
          ends.add(state.phase);
        }
      }
      expect([...ends].sort()).toEqual(['compensated', 'completed']);
    });

    describe('whatever happens', () => {
      const fate = fc.constantFrom(...fates);
      const script: fc.Arbitrary<Script> = fc.record({
        'forward reserve': fc.array(fate, { maxLength: 6 }),
        'forward pay': fc.array(fate, { maxLength: 6 }),
        'forward pay:alt': fc.array(fate, { maxLength: 6 }),
        'forward mail': fc.array(fate, { maxLength: 6 }),
        'undo reserve': fc.array(fate, { maxLength: 6 }),
        'undo pay': fc.array(fate, { maxLength: 12 }),
        'undo pay:alt': fc.array(fate, { maxLength: 6 }),
      });
      const point = fc.nat(60);

      test('an order ends whole, and what is said of it is what the journal says', async () => {
        await fc.assert(
          fc.asyncProperty(
            script,
            fc.uniqueArray(point, { maxLength: 4 }),
            fc.option(point, { nil: undefined }),
            fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
            async (given, crashAt, cancelAt, random) => {
              const story = { script: given, crashAt, random: () => random };
              const ending = await play(cancelAt === undefined ? story : { ...story, cancelAt });
              expect(ending.violations).toEqual([]);
            },
          ),
          { numRuns: histories },
        );
      });
    });
  });
}
