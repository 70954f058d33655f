import type { OpenOptions } from '@baton/saga';
import { createHistogram, type Metrics } from '@baton/telemetry';

/** For the journal to call after each commit. */
export function timeCommits({ registry }: Metrics): NonNullable<OpenOptions['onCommit']> {
  const observeTime = createHistogram(registry, {
    name: 'baton_journal_commit_duration_seconds',
    help: 'How long the journal took to write a batch and to see it on the disk',
    labelNames: [],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
  });
  const observeSize = createHistogram(registry, {
    name: 'baton_journal_commit_writes',
    help: 'Appends and notices that shared one commit of the journal',
    labelNames: [],
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
  });
  return ({ writes, ms }) => {
    observeTime({}, ms / 1_000);
    observeSize({}, writes);
  };
}
