import { join } from 'node:path';
import { configDefaults, defineConfig, type TestUserConfig } from 'vitest/config';

/** Of every test, wherever it is configured. */
export const common = {
  testTimeout: 30_000,
  // Hooks start whole systems of processes, while other files do too.
  hookTimeout: 60_000,
  // A second is little where every core is busy.
  expect: { poll: { timeout: 10_000 } },
  // Many tests wait for processes more than they compute.
  maxWorkers: 3,
  // Programs that tests start need not compile TypeScript each time, which halves what a start takes.
  env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/node') },
} satisfies TestUserConfig;

export default defineConfig({
  test: {
    ...common,
    projects: [
      {
        extends: true,
        test: {
          name: 'parts',
          include: [
            'apps/*/src/**/*.test.ts',
            'packages/{contracts,faults,saga,service-kit,sqlite}/src/**/*.test.ts',
          ],
          // To load what they test takes longer than most of these. They share a process, and leave nothing behind in it.
          isolate: false,
          restoreMocks: true,
        },
      },
      {
        extends: true,
        test: {
          name: 'whole',
          include: [
            // These set what holds for a whole process.
            'packages/telemetry/src/**/*.test.ts',
            '{e2e,scripts}/**/*.test.ts',
            'bench/src/**/*.test.ts',
          ],
          // These need a machine to themselves, a real Jaeger, a real Prometheus: vitest.load.config.ts and its like.
          exclude: [...configDefaults.exclude, 'e2e/{load,jaeger,alerts,new-service}/**'],
        },
      },
    ],
  },
});
