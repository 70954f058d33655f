/** `npm run test:new-service`: what a newcomer does, in copies of everything: a service, a step, the tutorial. It takes long. */
import { defineConfig } from 'vitest/config';
import { common } from './vitest.config.ts';

export default defineConfig({
  test: { ...common, include: ['{e2e,scripts}/new-service/**/*.test.ts'], exclude: [] },
});
