/** `npm run check`: every part runs whatever the others find, so that one run shows all there is to mend. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

const checkParts = 'lint boundaries typecheck typecheck:page knip style contracts'.split(' ');
/** What Biome says where `npm run format` would mend it. */
const formats = /\bformat ━|assist\/source\/|Safe fix:/;

async function runPart(name: string) {
  const child = spawn('npm', ['run', '--silent', name], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject).once('close', (code) => resolve(code ?? 1));
  });
  const [code, ...said] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { name, ok: code === 0, said: said.join('').trim() };
}

const parts = await Promise.all(checkParts.map(runPart));
for (const { name, said } of parts) if (said !== '') console.log(`\n=== ${name}\n${said}`);
console.log();
for (const { name, ok } of parts) console.log(`${name.padEnd(16)}${ok ? 'ok' : 'FAILED'}`);
if (parts.some(({ ok, said }) => !ok && formats.test(said))) {
  console.log('\nnpm run format mends what is a matter of format.');
}
process.exitCode = parts.every(({ ok }) => ok) ? 0 : 1;
