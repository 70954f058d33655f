/** `npm run test:alerts`: what needs a real Prometheus, and is therefore no part of `npm test`. */
import { defineConfig } from 'vitest/config';
import { common } from './vitest.config.ts';

export default defineConfig({
  test: { ...common, include: ['e2e/alerts/**/*.test.ts'], exclude: [] },
});
