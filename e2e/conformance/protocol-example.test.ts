import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkParticipant } from './check-participant.ts';
import { type Finding, toLine } from './finding.ts';

const program = fileURLToPath(new URL('../../docs/participant.py', import.meta.url));
const hasPython = spawnSync('python3', ['--version']).status === 0;

/** Python is not needed to work on this repository; where it is built, it must be there. */
describe.runIf(hasPython || process.env.CI)('the participant in the protocol', () => {
  let folder: string;
  let child: ChildProcess;
  let url: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'baton-protocol-'));
    const store = join(folder, 'seats.sqlite');
    const env = { PATH: process.env.PATH, HOME: process.env.HOME, STORE: store, PORT: '0' };
    child = spawn('python3', [program], { env, stdio: ['ignore', 'pipe', 'ignore'] });
    const [line] = await once(createInterface({ input: child.stdout ?? process.stdin }), 'line');
    url = `http://127.0.0.1:${JSON.parse(line).port}`;
  });
  afterAll(async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
    rmSync(folder, { recursive: true });
  });

  it('conforms', async () => {
    const findings: Finding[] = [];
    for await (const finding of checkParticipant(url)) findings.push(finding);
    expect(findings.filter(({ passed }) => !passed).map(toLine)).toEqual([]);
    expect(findings.length).toBeGreaterThan(40);
  });
});
