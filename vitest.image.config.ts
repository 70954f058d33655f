/** `npm run test:image`: what needs the image, and is therefore no part of `npm test`. */
import { defineConfig } from 'vitest/config';
import { common } from './vitest.config.ts';

export default defineConfig({
  test: { ...common, include: ['e2e/image/**/*.test.ts'], exclude: [] },
});
