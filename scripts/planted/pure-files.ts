/**
 * A tool changes the pure files, one expression after the other, and runs the tests beside them. A change that no test
 * notices must stand in explained.ts, and each change there must exist. Texts, objects and arrow functions stay as they
 * are: emptying them would be a third of all changes, and most would not compile.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Bug, Verdict } from './bug.ts';
import { explained } from './explained.ts';
import { root } from './test-run.ts';

export const pureFiles: Bug = {
  name: 'pure-files',
  what: 'Any small change of a pure file',
  judge,
};

async function judge(): Promise<Verdict> {
  const stryker = join(root, 'node_modules/@stryker-mutator/core/bin/stryker.js');
  const child = spawn(process.execPath, [stryker, 'run'], { cwd: root, stdio: 'ignore' });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  if (code !== 0)
    return { type: 'broken', why: `stryker ended with ${code}: npm exec stryker run` };
  return toVerdict(readMutants().filter(({ status }) => status !== 'Ignored'));
}

function toVerdict(mutants: readonly PureMutant[]): Verdict {
  const left = mutants.filter(({ status }) => !noticed.includes(status)).map(toPlace);
  const known = explained.flatMap(({ file, line, changes }) =>
    changes.map((change) => `${file} ${line} ${change}`),
  );
  const unexplained = left.filter((place) => !known.includes(place));
  if (unexplained.length > 0) return { type: 'survived', what: unexplained.join('\n    ') };
  // A test that took too long on a busy machine has noticed nothing for certain.
  const slow = mutants.filter(({ status }) => status === 'Timeout').map(toPlace);
  const stale = known.filter((place) => !left.includes(place) && !slow.includes(place));
  if (stale.length > 0)
    return { type: 'broken', why: `explained, but not there:\n    ${stale.join('\n    ')}` };
  const caught = mutants.length - left.length;
  return { type: 'caught', by: `${caught} of ${mutants.length}; the others are explained` };
}

interface PureMutant {
  readonly file: string;
  readonly line: string;
  readonly change: string;
  readonly status: string;
}
const toPlace = ({ file, line, change }: PureMutant): string => `${file} ${line} ${change}`;

interface Place {
  readonly line: number;
  readonly column: number;
}
interface MutatedFile {
  readonly source: string;
  readonly mutants: readonly {
    readonly status: string;
    readonly replacement: string;
    readonly location: { readonly start: Place; readonly end: Place };
  }[];
}
/** A file whose tests cannot even be loaded has been noticed. */
const noticed = ['Killed', 'Timeout', 'RuntimeError', 'CompileError'];

function readMutants(): PureMutant[] {
  const { files }: { readonly files: Readonly<Record<string, MutatedFile>> } = JSON.parse(
    readFileSync(join(root, 'node_modules/.cache/pure-files.json'), 'utf8'),
  );
  return Object.entries(files).flatMap(([path, { source, mutants }]) => {
    const lines = source.split('\n');
    return mutants.map(({ status, replacement, location: { start, end } }) => ({
      file: basename(path),
      line: lines[start.line - 1]?.trim() ?? '',
      change: `${toOneLine(cut(lines, start, end))} → ${toOneLine(replacement)}`,
      status,
    }));
  });
}

/** Lines and columns count from 1. */
function cut(lines: readonly string[], start: Place, end: Place): string {
  const toOffset = ({ line, column }: Place): number =>
    lines.slice(0, line - 1).reduce((sum, { length }) => sum + length + 1, 0) + column - 1;
  return lines.join('\n').slice(toOffset(start), toOffset(end));
}

const toOneLine = (text: string): string => text.replaceAll(/\s+/g, ' ');
