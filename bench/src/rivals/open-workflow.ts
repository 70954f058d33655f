/**
 * OpenWorkflow on SQLite. Its handle looks for a result once a second only, so a run counts as done when its function
 * returns, which is before the last commit.
 */
import { join } from 'node:path';
import { callParticipant, type Open, steps } from './contestant.ts';
import { importRival, readRivalVersion } from './installed-rivals.ts';

interface StepApi {
  run<T>(options: { readonly name: string }, step: () => Promise<T>): Promise<T>;
}
interface OpenWorkflow {
  readonly OpenWorkflow: new (options: {
    readonly backend: unknown;
  }) => {
    defineWorkflow(
      spec: { readonly name: string },
      run: (given: { readonly input: string; readonly step: StepApi }) => Promise<void>,
    ): { run(input: string): Promise<unknown> };
    newWorker(options: { readonly concurrency: number }): { start(): Promise<void> };
  };
}
interface Sqlite {
  readonly BackendSqlite: { connect(path: string): unknown };
}

/** As many as are ever placed at once. */
const concurrency = 256;

export const openOpenWorkflow: Open = async ({ participantsUrl, folder }) => {
  const { OpenWorkflow } = await importRival<OpenWorkflow>('openworkflow');
  const { BackendSqlite } = await importRival<Sqlite>('openworkflow/sqlite');
  const host = new OpenWorkflow({ backend: BackendSqlite.connect(join(folder, 'runs.sqlite')) });
  const waiting = new Map<string, () => void>();
  const workflow = host.defineWorkflow({ name: 'place' }, async ({ input: id, step }) => {
    for (const name of steps)
      await step.run({ name }, () => callParticipant(participantsUrl, name, id));
    waiting.get(id)?.();
    waiting.delete(id);
  });
  await host.newWorker({ concurrency }).start();
  return {
    version: `OpenWorkflow ${readRivalVersion('openworkflow')}`,
    async place(id) {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.set(id, resolve);
      await workflow.run(id);
      await promise;
    },
  };
};
