import { join } from 'node:path';
import { configDefaults, defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      '{apps,packages}/*/src/**/*.test.ts',
      '{e2e,scripts}/**/*.test.ts',
      'bench/src/**/*.test.ts',
    ],
    // These need a real Jaeger, a real Prometheus: vitest.jaeger.config.ts, vitest.alerts.config.ts.
    exclude: [...configDefaults.exclude, 'e2e/jaeger/**', 'e2e/alerts/**'],
    testTimeout: 30_000,
    // Hooks start whole systems of processes, while other files do too.
    hookTimeout: 60_000,
    // A second is little where every core is busy.
    expect: { poll: { timeout: 10_000 } },
    // Many tests wait for processes more than they compute.
    maxWorkers: 3,
    // Programs that tests start need not compile TypeScript each time, which halves what a start takes.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/node') },
  },
});
