/** A command in a process group of its own, so that its child processes can be found, and ended. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

export interface ProcessGroup {
  readonly child: ChildProcess;
  readonly said: () => string;
  readonly isAlive: () => boolean;
  /** Its exit code, once the whole group has ended its output. */
  readonly closed: Promise<unknown>;
  kill(): void;
}

export function startGroup(args: readonly string[], env: NodeJS.ProcessEnv): ProcessGroup {
  let said = '';
  const child = spawn(process.execPath, args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      said += String(chunk);
    });
  const group = -(child.pid ?? Number.NaN);
  const isAlive = (): boolean => {
    try {
      return process.kill(group, 0);
    } catch {
      return false;
    }
  };
  return {
    child,
    said: () => said,
    isAlive,
    closed: once(child, 'close').then(([code]) => code),
    kill: () => {
      if (isAlive()) process.kill(group, 'SIGKILL');
    },
  };
}
