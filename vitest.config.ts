import { existsSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configDefaults, defineConfig, type TestUserConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const memory = '/dev/shm';
const enoughBytes = 2 ** 30;

/** In memory where there is enough of it: every commit is flushed as ever, but no test waits for the machine's disk. */
function findTemporaryFolder(): string {
  if (process.env.TMPDIR !== undefined || !existsSync(memory)) return tmpdir();
  const { bavail, bsize } = statfsSync(memory);
  return bavail * bsize >= enoughBytes ? memory : tmpdir();
}

const longest =
  /(tutorial|demo|simulation|story-crash-long|supervise|trace-shape|overflow)\.test\.ts$/;

/** Files come by their size, which says little of how long they take: begun last, the longest would be waited for alone. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification): boolean => longest.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

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
  },
} satisfies TestUserConfig;

export default defineConfig({
  test: {
    ...common,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'parts',
          include: [
            'apps/*/src/**/*.test.ts',
            'packages/{contracts,faults,runtime,saga,service-kit,sqlite}/src/**/*.test.ts',
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
          // These need a machine to themselves, a real Jaeger, a real Prometheus, the image: vitest.load.config.ts and its like.
          exclude: [...configDefaults.exclude, 'e2e/{load,jaeger,alerts,image,new-service}/**'],
        },
      },
    ],
  },
});
