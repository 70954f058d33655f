/** `npm run generate`: writes what follows from the contracts, the list of participants and the workflow. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toDeploymentFiles } from './deployment.ts';
import { recordStructures } from './structures.ts';

const root = join(import.meta.dirname, '..');
for (const [path, text] of toDeploymentFiles()) writeFileSync(join(root, path), text);
try {
  recordStructures();
  await import('../packages/service-kit/src/write-openapi.ts');
} catch (error) {
  if (!(error instanceof RangeError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
