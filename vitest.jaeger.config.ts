/** `npm run test:jaeger`: what needs a real Jaeger, and is therefore no part of `npm test`. */
import { defineConfig } from 'vitest/config';
import { common } from './vitest.config.ts';

export default defineConfig({
  test: { ...common, include: ['e2e/jaeger/**/*.test.ts'], exclude: [] },
});
