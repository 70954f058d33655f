/** The arguments after a command's name. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { toOneLine } from '@baton/telemetry/one-line';

/** Answers `--help` with the usage, and an unknown argument with a line above it; either ends the process. */
export function readCommandLine<T extends ParseArgsConfig>(usage: string, config: T) {
  if (process.argv.slice(2).some((word) => ['--help', '-h'].includes(word))) {
    console.log(usage);
    process.exit(0);
  }
  try {
    return parseArgs(config);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // The error's second sentence is for programmers.
    console.error(`${toOneLine(error.message.split(/\.\s/)[0] ?? '')}.\n\n${usage}`);
    process.exit(1);
  }
}
