/** Python clients of the documents that a running system shows; scripts/test-clients.ts installs what they need. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { type AppName, appNames, startSystem } from '../src/processes.ts';

const cache = join(import.meta.dirname, '../../node_modules/.cache/python-clients');
const work = join(cache, 'work');
const token = 'an-operator-token-of-some-length';

function run(module: string, ...args: readonly string[]): string {
  const python = join(cache, 'venv/bin/python');
  const options = { cwd: work, encoding: 'utf8' } as const;
  const { stdout, stderr, status } = spawnSync(python, ['-m', module, ...args], options);
  return status === 0 ? '' : `${stdout}${stderr}`;
}

it('are made without a warning, have types that hold, and work', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'baton-clients-'));
  const system = await startSystem(folder, { OPERATOR_TOKEN: token });
  onTestFinished(async () => {
    await system.stop();
    rmSync(folder, { recursive: true });
  });
  const addressOf = (name: AppName) => `http://127.0.0.1:${system.apps.get(name)?.port}`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work);
  // How the code looks is the formatter's matter, which also mends what it takes for a fault.
  writeFileSync(join(work, 'config.yml'), 'post_hooks: []\n');
  const settings = ['--config', 'config.yml', '--meta', 'none', '--fail-on-warning'];
  for (const name of appNames) {
    const places = ['--url', `${addressOf(name)}/openapi.json`, '--output-path'];
    const target = `${name.replaceAll('-', '_')}_client`;
    const said = run('openapi_python_client', 'generate', ...settings, ...places, target);
    expect(said).toBe('');
  }
  copyFileSync(join(import.meta.dirname, 'shop.py'), join(work, 'shop.py'));
  expect(run('mypy', '--strict', '.')).toBe('');
  const addresses = [addressOf('orchestrator'), addressOf('payment-service')];
  expect(run('shop', ...addresses, token)).toBe('');
});
