/**
 * `npm run test:jaeger`: the tests that need a real Jaeger, if there is one; arguments go to vitest.
 *
 * Each test file starts its own, on free ports: a running Jaeger holds other traces.
 */
import { spawn } from 'node:child_process';
import { findOwnJaeger } from './jaeger/own-jaeger.ts';

const needs = `These tests need a real Jaeger 2, which they start by themselves: a program (JAEGER_BIN, or jaeger on
the PATH; with Go, .ci/install-jaeger makes one), or Docker running.`;

const source = await findOwnJaeger();
if (source.kind === 'none') {
  console.error(`${needs}\n${process.env.CI ? 'There is none.' : 'There is none: skipped.'}`);
  process.exit(process.env.CI ? 1 : 0);
}
console.log(`Jaeger: ${source.kind === 'program' ? source.file : 'in Docker'}`);
const config = ['run', '--config', 'vitest.jaeger.config.ts'];
const vitest = spawn('vitest', [...config, ...process.argv.slice(2)], { stdio: 'inherit' });
vitest.on('exit', (code) => process.exit(code ?? 1));
