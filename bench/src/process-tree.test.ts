import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { listDescendants, sumMemoryBytes } from './process-tree.ts';

it('finds what a process started, however deep, and what it takes', async () => {
  const shell = spawn('sh', ['-c', 'sh -c "sleep 60; true" & echo ready; wait; true']);
  await once(shell.stdout, 'data');
  const pid = shell.pid ?? 0;
  expect(listDescendants(process.pid)).toContain(pid);
  await expect.poll(() => listDescendants(pid).length).toBe(2);
  const below = listDescendants(pid);
  expect(sumMemoryBytes([pid, ...below])).toBeGreaterThan(0);
  for (const each of [...below, pid]) process.kill(each, 'SIGKILL');
  await once(shell, 'exit');
});
