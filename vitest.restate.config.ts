/** `npm run test:restate`: on clusters, real ones and one in virtual time, which take long. One file at a time has the machine. */
import { defineConfig } from 'vitest/config';
import { common } from './vitest.config.ts';

/** Suites of the embedded host that ask for no more than an engine or its routes: they hold here as well. */
const shared =
  'e2e/src/{documents,five-apps,legacy-caller,matrix,requests,security-answers,trace-context}.test.ts';

export default defineConfig({
  test: {
    ...common,
    env: { ...common.env, SAGA_HOST: 'restate' },
    include: ['e2e/restate/**/*.test.ts', shared],
    exclude: [],
    fileParallelism: false,
  },
});
