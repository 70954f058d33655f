import { expect, it } from 'vitest';
import type { Audited } from '../books/books.ts';
import { createBooksWatch } from './watchdog-books.ts';

const second = 1_000;
const balanced: Audited = { differences: [], unreachable: [] };
const differing: Audited = {
  ...balanced,
  differences: ['mug: 3 held, 2 by completed orders'],
};
const unreachable: Audited = { ...balanced, unreachable: ['payment-service'] };

/** Says these one after the other, then the last one again and again; each takes `tookMs`. */
function createScene(says: readonly (Audited | undefined | Error)[], tookMs = 0) {
  const scene = { now: 0, audits: [] as number[], errors: [] as unknown[] };
  const audit = async (): Promise<Audited | undefined> => {
    const said = says[Math.min(scene.audits.length, says.length - 1)];
    scene.audits.push(scene.now);
    await new Promise((resolve) => setImmediate(resolve));
    scene.now += tookMs;
    if (said instanceof Error) throw said;
    return said;
  };
  const onError = (error: unknown): void => void scene.errors.push(error);
  const books = createBooksWatch({ audit, now: () => scene.now, onError });
  const pass = async (seconds: number) => {
    const end = scene.now + seconds * second;
    for (; scene.now < end; scene.now += second) {
      books.look();
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
    }
    return books.look();
  };
  return { scene, books, pass };
}

it('audits every five minutes, and says when it began', async () => {
  const { scene, pass } = createScene([balanced]);
  expect(await pass(300)).toBeNull();
  const books = await pass(305);
  expect(scene.audits).toEqual([300 * second, 600 * second]);
  expect(books).toEqual({ at: 600 * second, differences: [], isConfirmed: false });
});

it('looks again soon where there is a difference, and then takes its time', async () => {
  const { scene, pass } = createScene([differing]);
  expect(await pass(303)).toMatchObject({
    differences: ['mug: 3 held, 2 by completed orders'],
    isConfirmed: false,
  });
  expect(await pass(10)).toMatchObject({ isConfirmed: true });
  expect(scene.audits).toEqual([300 * second, 305 * second]);
});

it('concludes nothing from participants that do not answer, nor from no audit, and asks again', async () => {
  const { scene, pass } = createScene([unreachable, undefined, balanced]);
  expect(await pass(340)).toBeNull();
  expect(await pass(30)).toMatchObject({ differences: [] });
  expect(scene.audits).toEqual([300 * second, 330 * second, 360 * second]);
});

it('believes a difference though not everybody answered, and no balance', async () => {
  const { pass } = createScene([
    { ...differing, unreachable: ['payment-service'] },
    unreachable,
    balanced,
  ]);
  const differences = ['mug: 3 held, 2 by completed orders'];
  expect(await pass(303)).toMatchObject({ differences });
  expect(await pass(10)).toMatchObject({ differences, isConfirmed: false });
  expect(await pass(30)).toMatchObject({ differences: [] });
});

it('takes a twentieth of the time at most', async () => {
  const { scene, pass } = createScene([balanced], 60 * second);
  await pass(2_000);
  expect(scene.audits).toEqual([300 * second, 1_560 * second]);
});

it('audits at once when what it knows is in doubt, and believes none that was under way', async () => {
  const { scene, books, pass } = createScene([balanced, differing]);
  await pass(1);
  books.doubt();
  books.look();
  books.doubt();
  expect(await pass(2)).toMatchObject({ differences: [expect.any(String)] });
  expect(scene.audits).toEqual([second, 2 * second]);
});

it('takes a twentieth of the time also when it is in doubt again and again', async () => {
  for (const says of [balanced, undefined, new Error('no such luck')]) {
    const { scene, books, pass } = createScene([says], second);
    for (let i = 0; i < 210; i++) {
      books.doubt();
      await pass(1);
    }
    expect(scene.audits.length).toBeGreaterThan(3);
    expect(scene.audits.length).toBeLessThanOrEqual(scene.now / (21 * second) + 1);
  }
});

it('rests after an audit that was doubted while it was under way', async () => {
  const { scene, books, pass } = createScene([balanced], second);
  await pass(300);
  books.look();
  books.doubt();
  await pass(40);
  const [first = 0, next] = scene.audits;
  expect(next).toBeGreaterThanOrEqual(first + 21 * second);
  expect(next).toBeLessThanOrEqual(first + 23 * second);
});

it('is in doubt soon after an audit in its turn: does not wait until that one has rested', async () => {
  const { scene, books, pass } = createScene([balanced], 60 * second);
  await pass(361);
  books.doubt();
  await pass(1);
  expect(scene.audits).toEqual([300 * second, 361 * second]);
});

it('goes on after an audit that failed', async () => {
  const { scene, pass } = createScene([new Error('no such luck'), balanced]);
  expect(await pass(302)).toBeNull();
  expect(await pass(303)).toMatchObject({ differences: [] });
  expect(scene.errors).toHaveLength(1);
});

it('says so when audits come to no verdict for a quarter of an hour, and for what', async () => {
  const { scene, books, pass } = createScene([balanced, unreachable]);
  await pass(301);
  expect(books.gap()).toBeNull();
  await pass(898);
  expect(books.gap()).toBeNull();
  await pass(2);
  expect(books.gap()).toEqual({ since: 300 * second, why: 'payment-service did not answer' });
  expect(scene.errors).toEqual([]);
});

it('has no gap while audits are slow and well, nor for one that failed', async () => {
  const slow = createScene([balanced, undefined, balanced], 50 * second);
  for (let minute = 0; minute < 90; minute++) {
    await slow.pass(60);
    expect(slow.books.gap()).toBeNull();
  }
  expect(slow.scene.audits.length).toBeGreaterThan(3);
});

it('has a gap at once where an audit was given up after minutes', async () => {
  const { books, pass } = createScene([undefined], 600 * second);
  await pass(1_000);
  expect(books.gap()).toEqual({ since: 0, why: 'what is open could not be counted' });
});

it('has a gap where audits throw, until one is well', async () => {
  const luck = new Error('no such luck');
  const { books, pass } = createScene([luck, luck, luck, balanced]);
  await pass(901);
  expect(books.gap()).toMatchObject({ why: 'it failed, as the log says' });
  await pass(300);
  expect(books.gap()).toBeNull();
});
