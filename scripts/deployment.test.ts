import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { toDeploymentFiles } from './deployment.ts';

test.each([...toDeploymentFiles()])(
  '%s names every participant (else: npm run generate)',
  (path, text) => {
    expect(readFileSync(join(import.meta.dirname, '..', path), 'utf8')).toBe(text);
  },
);
