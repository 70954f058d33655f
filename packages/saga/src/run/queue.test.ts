import { expect, test } from 'vitest';
import { createQueue } from './queue.ts';

test('takes undo before work in flight before new work before repairs', () => {
  const queue = createQueue<string>();
  queue.add('d', 'repair');
  queue.add('c', 'new');
  queue.add('b', 'in-flight');
  queue.add('a', 'undo');
  expect(queue.size()).toBe(4);
  expect([queue.take(), queue.take(), queue.take(), queue.take(), queue.take()]).toEqual([
    'a',
    'b',
    'c',
    'd',
    undefined,
  ]);
});

test('takes the first come first within a priority, however often it is added', () => {
  const queue = createQueue<string>();
  queue.add('a', 'new');
  queue.add('b', 'new');
  queue.add('a', 'new');
  expect([queue.take(), queue.take(), queue.take()]).toEqual(['a', 'b', undefined]);
});

test('takes a run once, though its priority changed while it waited', () => {
  const queue = createQueue<string>();
  queue.add('a', 'new');
  queue.add('b', 'new');
  queue.add('a', 'in-flight');
  expect(queue.size()).toBe(2);
  expect([queue.take(), queue.take(), queue.take()]).toEqual(['a', 'b', undefined]);
});
