/** DBOS on a PostgreSQL of its own: each step is a `DBOS.runStep`. */
import { callParticipant, type Open, steps } from './contestant.ts';
import { importRival, readRivalVersion } from './installed-rivals.ts';
import { startPostgres } from './postgres.ts';

interface Dbos {
  readonly DBOS: {
    setConfig(config: Readonly<Record<string, string>>): void;
    launch(): Promise<void>;
    registerWorkflow<T>(
      run: (id: string) => Promise<T>,
      options: { readonly name: string },
    ): (id: string) => Promise<T>;
    runStep<T>(step: () => Promise<T>, options: { readonly name: string }): Promise<T>;
  };
}

export const openDbos: Open = async ({ participantsUrl, folder }) => {
  const { url, version } = await startPostgres(folder);
  const { DBOS } = await importRival<Dbos>('@dbos-inc/dbos-sdk');
  DBOS.setConfig({
    name: 'bench',
    applicationVersion: '0.1.0',
    systemDatabaseUrl: url,
    logLevel: 'error',
  });
  const place = DBOS.registerWorkflow(
    async (id) => {
      for (const name of steps)
        await DBOS.runStep(() => callParticipant(participantsUrl, name, id), { name });
    },
    { name: 'place' },
  );
  await DBOS.launch();
  const dbos = readRivalVersion('@dbos-inc/dbos-sdk');
  return { version: `DBOS ${dbos}, PostgreSQL ${version}`, place: (id) => place(id) };
};
