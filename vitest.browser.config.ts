/** `npm run test:browser`: the page in a real Chromium, which is therefore no part of `npm test`. */
import { defineConfig } from 'vitest/config';
import { common } from './vitest.config.ts';

export default defineConfig({
  test: {
    ...common,
    include: ['e2e/browser/**/*.test.ts'],
    exclude: [],
    globalSetup: 'e2e/browser/build.ts',
    // Each has a browser and all apps to itself.
    fileParallelism: false,
  },
});
