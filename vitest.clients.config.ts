/** `npm run test:clients`: what needs a Python with a generator of clients, and is therefore no part of `npm test`. */
import { defineConfig } from 'vitest/config';
import { common } from './vitest.config.ts';

export default defineConfig({
  test: { ...common, include: ['e2e/clients/**/*.test.ts'], exclude: [] },
});
