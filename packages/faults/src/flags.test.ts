import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '@baton/telemetry';
import { expect, it, onTestFinished } from 'vitest';
import { createFaultFile } from './fault-file.ts';
import { findFault } from './find-fault.ts';
import { openFlags } from './flags.ts';

const toText = (variant: object) =>
  JSON.stringify({
    flags: {
      'payment.process': {
        state: 'ENABLED',
        variants: { on: variant, off: {} },
        defaultVariant: 'on',
      },
    },
  });
const reset = toText({ kind: 'reset' });
const hang = toText({ kind: 'hang' });

async function open(lay: (folder: string) => string) {
  const folder = mkdtempSync(join(tmpdir(), 'baton-flags-'));
  const file = lay(folder);
  const lines: string[] = [];
  const log = createLog('test', 'warn', { write: (line) => void lines.push(line) });
  const flags = await openFlags({ file, log });
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const question = { operation: 'payment.process', orderId: 'ord_1', attempt: 1, now: 0 };
  const list = createFaultFile(file).list;
  return {
    folder,
    file,
    lines,
    /** What a service does, and what is said of it. */
    read: async () => [
      (await findFault(flags, { ...question, baggage: undefined }))?.kind,
      list().find(({ operation }) => operation === 'payment.process')?.fault?.kind,
    ],
  };
}

it('does what the file says behind a link that is swapped, as a ConfigMap is mounted', async () => {
  const { folder, read } = await open((folder) => {
    for (const [version, text] of [['v1', '{"flags":{}}'] as const, ['v2', reset] as const]) {
      mkdirSync(join(folder, version));
      writeFileSync(join(folder, version, 'faults.json'), text);
    }
    symlinkSync('v1', join(folder, '..data'));
    symlinkSync('..data/faults.json', join(folder, 'faults.json'));
    return join(folder, 'faults.json');
  });
  expect(await read()).toEqual([undefined, undefined]);
  symlinkSync('v2', join(folder, '..tmp'));
  renameSync(join(folder, '..tmp'), join(folder, '..data'));
  expect(await read()).toEqual(['reset', 'reset']);
});

it('does what the file says in a folder of another name, or one that is replaced', async () => {
  const { folder, read } = await open((folder) => {
    mkdirSync(join(folder, 'elsewhere'));
    mkdirSync(join(folder, 'here'));
    writeFileSync(join(folder, 'elsewhere', 'flags.json'), reset);
    symlinkSync('../elsewhere/flags.json', join(folder, 'here', 'faults.json'));
    return join(folder, 'here', 'faults.json');
  });
  expect(await read()).toEqual(['reset', 'reset']);
  writeFileSync(join(folder, 'elsewhere', 'flags.json'), hang);
  expect(await read()).toEqual(['hang', 'hang']);
  renameSync(join(folder, 'here'), join(folder, 'gone'));
  expect(await read()).toEqual([undefined, undefined]);
  mkdirSync(join(folder, 'here'));
  writeFileSync(join(folder, 'here', 'faults.json'), reset);
  expect(await read()).toEqual(['reset', 'reset']);
});

it('keeps to the last good ones while the file cannot be read, and says so once', async () => {
  const { file, lines, read } = await open((folder) => join(folder, 'later', 'faults.json'));
  expect(await read()).toEqual([undefined, undefined]);
  createFaultFile(file).set('payment.process', { kind: 'reset' });
  expect(await read()).toEqual(['reset', 'reset']);
  writeFileSync(file, '{');
  for (let times = 0; times < 3; times += 1) await expect(read()).rejects.toThrow('is not JSON');
  expect(lines).toHaveLength(1);
  writeFileSync(file, hang);
  expect(await read()).toEqual(['hang', 'hang']);
});
