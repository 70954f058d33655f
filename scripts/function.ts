/** `npm run function`: notification-service as a function on workerd, with the process's PORT, HOST and DATA_DIR. */
import { once } from 'node:events';
import { join } from 'node:path';
import { findParticipant } from '@baton/contracts';
import { buildFunction, startFunction } from '@baton/notification-service/workerd';
import { readServiceEnv, startProgram } from '@baton/service-kit';

const service = 'notification-service';

await startProgram(async () => {
  const { port = 0 } = findParticipant(service) ?? {};
  const env = readServiceEnv({ port, shape: {} }, process.env);
  const folder = join(import.meta.dirname, '../apps', service, 'dist');
  await buildFunction(folder);
  const { url, process: runtime } = await startFunction({
    folder,
    dataDir: env.DATA_DIR,
    host: env.HOST,
    port: env.PORT,
    env: process.env,
  });
  let isTold = false;
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.once(signal, () => {
      isTold = true;
      runtime.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal);
    });
  console.log(JSON.stringify({ ready: true, service, url }));
  const [code] = await once(runtime, 'exit');
  process.exitCode = code ?? (isTold ? 0 : 1);
});
