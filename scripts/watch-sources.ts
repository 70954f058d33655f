/** Watches source files for the program that runs them. */
import { watch } from 'node:fs';
import { join } from 'node:path';

const debounceMs = 100;

/** Calls `onChange` once for a burst of changes, and not again before it has finished. */
export function watchSources(
  folders: readonly string[],
  onChange: (file: string) => Promise<void>,
  onTrouble: (error: Error) => void,
): void {
  let timer: NodeJS.Timeout | undefined;
  let turn = Promise.resolve();
  for (const folder of folders) {
    const watcher = watch(folder, { recursive: true }, (_event, name) => {
      if (!name?.endsWith('.ts') || name.endsWith('.test.ts')) return;
      clearTimeout(timer);
      timer = setTimeout(() => {
        turn = turn.then(() => onChange(join(folder, name)));
      }, debounceMs);
    });
    watcher.on('error', onTrouble);
  }
}
