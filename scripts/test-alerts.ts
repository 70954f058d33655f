/** `npm run test:alerts`: Prometheus's own tools judge deploy/prometheus, then a real Prometheus scrapes real apps. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const needs = `These tests need promtool and prometheus on the PATH: apt-get install prometheus, or a release from
https://prometheus.io/download.`;

const folder = join(import.meta.dirname, '../deploy/prometheus');

const isThere = (program: string): boolean =>
  spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;

function run(program: string, ...args: readonly string[]): void {
  const { status } = spawnSync(program, args, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

if (!isThere('promtool') || !isThere('prometheus')) {
  console.error(
    `${needs}\n${process.env.CI ? 'They are not there.' : 'They are not there: skipped.'}`,
  );
  process.exit(process.env.CI ? 1 : 0);
}
run('promtool', 'check', 'config', join(folder, 'prometheus.yml'));
run('promtool', 'check', 'rules', join(folder, 'rules.yml'));
const stories = ['rules.test.yml', 'objectives.test.yml'].map((name) => join(folder, name));
run('promtool', 'test', 'rules', ...stories);
run('vitest', 'run', '--config', 'vitest.alerts.config.ts');
