/** `npm run generate`: writes what follows from the contracts and from the list of participants. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toDeploymentFiles } from './deployment.ts';

const root = join(import.meta.dirname, '..');
for (const [path, text] of toDeploymentFiles()) writeFileSync(join(root, path), text);
await import('../packages/service-kit/src/write-openapi.ts');
