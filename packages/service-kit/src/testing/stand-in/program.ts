/** A whole service as a process, for the tests of starting and stopping. */
import { join } from 'node:path';
import { createLog } from '@baton/telemetry';
import { z } from 'zod';
import { ServiceUrl } from '../../address.ts';
import { findConnectionLimit, readServiceEnv } from '../../env.ts';
import { runService } from '../../run.ts';
import { startProgram } from '../../startup-problem.ts';
import { createStandIn } from './inventory.ts';

const shape = {
  OTHER_URL: ServiceUrl.default('http://127.0.0.1:4001').meta({ example: 'http://127.0.0.1:4001' }),
  SLOW_MS: z.string().default('0').transform(Number),
};

await startProgram(async () => {
  const env = readServiceEnv({ port: 4002, shape: shape }, process.env);
  const standIn = createStandIn(join(env.DATA_DIR, 'inventory.sqlite'));
  await runService({
    service: 'inventory-service',
    app: (request, response) => {
      process.stderr.write('request\n');
      setTimeout(() => standIn.app(request, response), env.SLOW_MS);
    },
    host: env.HOST,
    port: env.PORT,
    log: createLog('inventory-service', env.LOG_LEVEL),
    close: () => {
      standIn.store.close();
      process.stderr.write('closed\n');
    },
    connectionsPerAddressMax: findConnectionLimit(env),
    supervised: env.BATON_SUPERVISED === '1',
  });
});
