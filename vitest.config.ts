import { existsSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configDefaults, defineConfig, type TestUserConfig } from 'vitest/config';

const memory = '/dev/shm';
const enoughBytes = 2 ** 30;

/** In memory where there is enough of it: every commit is flushed as ever, but no test waits for the machine's disk. */
function findTemporaryFolder(): string {
  if (process.env.TMPDIR !== undefined || !existsSync(memory)) return tmpdir();
  const { bavail, bsize } = statfsSync(memory);
  return bavail * bsize >= enoughBytes ? memory : tmpdir();
}

/** These go through every point of a crash, every fault at every step, many seeds, a program's whole run, or wait for a real clock. */
const long = [
  'e2e/src/{fault-processes,foreign,innocent,matrix,simulation,story-crash-long,trace-shape}.test.ts',
  'packages/saga/src/embedded/overflow.test.ts',
  'packages/saga-restate/src/crash.test.ts',
  'packages/service-kit/src/loop-guard.test.ts',
  'scripts/{chaos,demo}.test.ts',
];

/** Of every test, wherever it is configured. */
export const common = {
  // For what hangs, not for what is slow: how fast the machine is must not matter, nor what else it does.
  testTimeout: 300_000,
  hookTimeout: 300_000,
  expect: { poll: { timeout: 60_000 } },
  // Many tests wait for processes more than they compute.
  maxWorkers: 4,
  env: {
    // Programs that tests start need not compile TypeScript each time, which halves what a start takes.
    NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/node'),
    TMPDIR: findTemporaryFolder(),
    // Whose steps the suites tell. They go on to hold for it when a newer version comes.
    PLACE_ORDER_VERSION: '2',
  },
} satisfies TestUserConfig;

export default defineConfig({
  test: {
    ...common,
    projects: [
      // `npm test` goes without this one.
      { extends: true, test: { name: 'long', include: long } },
      {
        extends: true,
        test: {
          name: 'parts',
          include: [
            'apps/*/src/**/*.test.ts',
            'packages/{contracts,faults,runtime,saga,saga-restate,service-kit,sqlite}/src/**/*.test.ts',
            'bench/src/**/*.test.ts',
            'e2e/src/*/*.test.ts',
          ],
          exclude: [...configDefaults.exclude, ...long],
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
          ],
          // These need a machine to themselves, a real Jaeger, Prometheus or Chromium, the image, Python: vitest.load.config.ts and its like.
          exclude: [
            ...configDefaults.exclude,
            ...long,
            'e2e/src/*/**',
            'e2e/{load,jaeger,alerts,image,browser,clients,restate}/**',
            '{e2e,scripts}/new-service/**',
          ],
        },
      },
    ],
  },
});
