import { expect, it } from 'vitest';
import { createLog } from './log.ts';

function record(level: 'info' | 'error', ...entries: object[]): string {
  let text = '';
  const log = createLog('payment-service', level, {
    write: (line: string) => {
      text += line;
    },
  });
  for (const entry of entries) log.info(entry, 'said');
  return text;
}

it('shows no token, however deep it stands', () => {
  const text = record(
    'info',
    { token: 'tok_ok' },
    { payment: { token: 'tok_ok' } },
    { order: { payment: { token: 'tok_ok' } } },
    { headers: { authorization: 'Bearer tok_ok' } },
  );
  expect(text).not.toContain('tok_ok');
  expect(text.match(/\[secret\]/g)).toHaveLength(4);
});

it('names its service and says nothing below its level', () => {
  expect(JSON.parse(record('info', { a: 1 }))).toMatchObject({
    service: 'payment-service',
    level: 'info',
    a: 1,
  });
  expect(record('error', { a: 1 })).toBe('');
});
