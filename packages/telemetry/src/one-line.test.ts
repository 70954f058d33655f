import { expect, it } from 'vitest';
import { createLog } from './log.ts';
import { toOneLine } from './one-line.ts';

const hostile = [
  ['\\u001b[2J', '\u001b[2J'],
  ['a\\u000d\\u000a\\u0009b', 'a\r\n\tb'],
  ['\\u0007\\u007f\\u009b31m', '\u0007\u007f\u009b31m'],
  ['\\u202eabc\\u2066\\u200f\\u061c', '\u202eabc\u2066\u200f\u061c'],
  ['a\\u2028b\\u2029c\\u0085d', 'a\u2028b\u2029c\u0085d'],
  ['\\u200b\\ufeff\\udb40\\udc41\\ud800', '\u200b\ufeff\u{e0041}\ud800'],
] as const;

it.each(hostile)('shows %s in place of what it means', (shown, text) => {
  expect(toOneLine(text)).toBe(shown);
  expect(JSON.parse(`"${shown}"`)).toBe(text);
});

it.each(['plain, 12.00 €: "Zoë" says <b>', 'שלום', '日本語 🎁', 'C:\\Users'])(
  '%s stays',
  (text) => {
    expect(toOneLine(text)).toBe(text);
  },
);

it('no line of a log has any of it, and none loses any of it', () => {
  const lines: string[] = [];
  const log = createLog('test', 'info', { write: (line) => void lines.push(line) });
  const said = hostile.map(([, text]) => text).join('|');
  log.info({ said }, said);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^\{[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*\}\n$/u);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ said, msg: said });
});
