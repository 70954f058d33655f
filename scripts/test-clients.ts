/** `npm run test:clients`: Python clients of the documents, with a generator that pip installs into a folder of their own. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const venv = join(root, 'node_modules/.cache/python-clients/venv');
const python = join(venv, 'bin/python');

function succeeds(program: string, ...args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}

function run(program: string, ...args: readonly string[]): void {
  const { status } = spawnSync(program, args, { stdio: 'inherit', cwd: root });
  if (status !== 0) process.exit(status ?? 1);
}

if (!succeeds('python3', '-c', 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))')) {
  console.error(`These tests need Python 3.11 or later with its venv, as python3 on the PATH.
${process.env.CI ? 'It is not there.' : 'It is not there: skipped.'}`);
  process.exit(process.env.CI ? 1 : 0);
}
if (!succeeds(python, '--version')) run('python3', '-m', 'venv', '--clear', venv);
run(python, '-m', 'pip', 'install', '--quiet', '--requirement', 'e2e/clients/requirements.txt');
run('vitest', 'run', '--config', 'vitest.clients.config.ts', ...process.argv.slice(2));
