/**
 * `npm run test:new-service`: a service and a step as a newcomer adds them, in a copy of everything, and is therefore no
 * part of `npm test`.
 */
import { defineConfig } from 'vitest/config';
import { common } from './vitest.config.ts';

export default defineConfig({
  test: { ...common, include: ['e2e/new-service/**/*.test.ts'], exclude: [] },
});
