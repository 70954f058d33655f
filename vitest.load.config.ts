/** `npm run test:load`: what measures speed, and is therefore no part of `npm test`. One file at a time has the machine. */
import { defineConfig } from 'vitest/config';
import { common } from './vitest.config.ts';

export default defineConfig({
  test: { ...common, include: ['e2e/load/**/*.test.ts'], exclude: [], fileParallelism: false },
});
