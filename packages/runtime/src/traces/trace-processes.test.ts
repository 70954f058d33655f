import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recallResource } from '@baton/telemetry';
import { expect, it, onTestFinished } from 'vitest';
import { openTraceProcesses } from './trace-processes.ts';

function createPlace() {
  const folder = mkdtempSync(join(tmpdir(), 'baton-processes-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const warnings: unknown[] = [];
  const start = (id: string, since: number, path = join(folder, 'traced-by')) => {
    const resource = recallResource({ 'service.instance.id': id, 'process.pid': since });
    const log = { warn: (said: unknown) => void warnings.push(said) };
    const { find } = openTraceProcesses(path, { since, resource }, log);
    return (at: number) => find(at).attributes['service.instance.id'];
  };
  return { folder, start, warnings };
}

it('names the process that worked at the time, whichever asks', () => {
  const { start } = createPlace();
  start('first', 100);
  start('second', 200);
  const find = start('third', 300);
  expect([100, 199.9, 200, 299, 300, 9_999].map(find)).toEqual([
    'first',
    'first',
    'second',
    'second',
    'third',
    'third',
  ]);
});

it('keeps the newest hundred, and names what is older after the oldest of them', () => {
  const { start } = createPlace();
  for (let at = 0; at < 101; at += 1) start(`process ${at}`, at);
  expect(start('last', 101)(0)).toBe('process 2');
});

it('knows itself where its file is broken, cannot be written, or is not wanted', () => {
  const { folder, start, warnings } = createPlace();
  writeFileSync(join(folder, 'traced-by'), '[{"since":');
  expect(start('first', 100)(150)).toBe('first');
  expect(warnings).toEqual([]);
  expect(start('second', 200, join(folder, 'none/traced-by'))(250)).toBe('second');
  expect(warnings).toEqual([{ err: expect.any(Error) }]);
});
