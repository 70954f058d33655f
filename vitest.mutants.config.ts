/** Tests of the pure files, and of files that are nearly pure: they judge what stryker.config.json changes. */
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
