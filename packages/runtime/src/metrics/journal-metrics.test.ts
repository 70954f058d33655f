import { createMetrics } from '@baton/telemetry';
import { expect, it } from 'vitest';
import { timeCommits } from './journal-metrics.ts';

it('tells commits that take long, and those that many share, from the others', async () => {
  const metrics = createMetrics('orchestrator');
  const onCommit = timeCommits(metrics);
  onCommit({ writes: 1, ms: 3 });
  onCommit({ writes: 40, ms: 300 });
  const lines = (await metrics.registry.metrics()).split('\n');
  const read = (name: string, label: string) =>
    Number(lines.find((line) => line.startsWith(name) && line.includes(label))?.split(' ')[1]);
  expect(read('baton_journal_commit_duration_seconds_bucket', 'le="0.005"')).toBe(1);
  expect(read('baton_journal_commit_duration_seconds_bucket', 'le="0.5"')).toBe(2);
  expect(read('baton_journal_commit_duration_seconds_sum', '')).toBeCloseTo(0.303);
  expect(read('baton_journal_commit_writes_bucket', 'le="32"')).toBe(1);
  expect(read('baton_journal_commit_writes_sum', '')).toBe(41);
});
