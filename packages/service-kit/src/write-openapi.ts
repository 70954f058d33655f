/** `npm run openapi`: writes docs/openapi from the contracts. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { toOpenApiFiles } from './openapi-file.ts';

for (const { url, text } of toOpenApiFiles()) {
  mkdirSync(new URL('.', url), { recursive: true });
  writeFileSync(url, text);
}
