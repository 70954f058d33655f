/** The demo's stories, each of another kind of trouble, on a cluster of one node and two replicas. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startGroup } from '../src/process-group.ts';

const program = join(import.meta.dirname, '../../scripts/demo.ts');

test('ends every story whole with balanced books, and leaves no process and no file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'demo-restate-'));
  const demo = startGroup([program], { TMPDIR: folder, SAGA_HOST: 'restate' });
  try {
    const code = await demo.closed;
    const lines = demo.said().split('\n');
    const end = lines.filter((line) => /^(NOT AS|\d+ stories)|^\s+✗|Error/.test(line));
    expect([end, code]).toEqual([['11 stories ended whole; the books balance'], 0]);
    // The server was killed; the system takes a moment to see it out.
    await expect.poll(demo.isAlive).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
  } finally {
    demo.kill();
    rmSync(folder, { recursive: true });
  }
});
