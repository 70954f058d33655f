/** Builds the page before its tests. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../../apps/console/build.ts', import.meta.url));

export default function build(): void {
  execFileSync(process.execPath, [script], { stdio: 'inherit' });
}
