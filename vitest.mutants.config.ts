/** Of the pure files, and of those that a small store makes nearly so: what stryker.config.json changes is judged by these. */
import { defineConfig } from 'vitest/config';
import { common } from './vitest.config.ts';

export default defineConfig({
  test: {
    ...common,
    include: [
      'packages/saga/src/**/{breaker,decide,outcome,policy,recovery,reply,saga,secret,state}.test.ts',
      'packages/service-kit/src/fence.test.ts',
      'packages/service-kit/src/group-commit.test.ts',
      'packages/sqlite/src/transaction.test.ts',
      'packages/runtime/src/**/{run-id,span-delivery}.test.ts',
    ],
  },
});
