import { expect, test } from 'vitest';
import { priorities } from '../core/rest.ts';
import { Queue, toOrder } from './queue.ts';

function createStage() {
  const queue = new Queue<string>();
  const take = () => toOrder(1).map((priority) => queue.take(priority));
  const takeAll = () => [...take(), ...take(), ...take()].filter((item) => item !== undefined);
  return { queue, takeAll };
}

test('takes undo before work in flight before new work before repairs', () => {
  const { queue, takeAll } = createStage();
  queue.add('d', 'repair');
  queue.add('c', 'new');
  queue.add('b', 'in-flight');
  queue.add('a', 'undo');
  expect(queue.size()).toBe(4);
  expect(queue.size('in-flight')).toBe(2);
  expect(takeAll()).toEqual(['a', 'b', 'c', 'd']);
});

test('takes the first come first within a priority, however often it is added', () => {
  const { queue, takeAll } = createStage();
  queue.add('a', 'new');
  queue.add('b', 'new');
  queue.add('a', 'new');
  expect(takeAll()).toEqual(['a', 'b']);
});

test('takes a run once, though its priority changed while it waited', () => {
  const { queue, takeAll } = createStage();
  queue.add('a', 'new');
  queue.add('b', 'new');
  queue.add('a', 'in-flight');
  expect(queue.size()).toBe(2);
  expect(takeAll()).toEqual(['a', 'b']);
});

test('lets a repair go first every sixteenth time', () => {
  const places = Array.from({ length: 48 }, (_, index) => index + 1);
  expect(places.filter((given) => toOrder(given)[0] === 'repair')).toEqual([16, 32, 48]);
  expect(toOrder(15)).toEqual(priorities);
});
