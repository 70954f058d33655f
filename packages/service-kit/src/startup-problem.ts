import { toOneLine } from '@baton/telemetry';

const failed = 1;
/** Starting again later may help, as it is: sysexits.h calls it EX_TEMPFAIL, and a supervisor goes by it. */
const tryLater = 75;

/** What keeps a program from starting, told to whoever starts it: lines, never a stack. */
export class StartupProblem extends Error {
  readonly lines: readonly string[];
  readonly exitCode: number;

  constructor(lines: readonly string[], { passing = false }: { readonly passing?: boolean } = {}) {
    super(lines.join('\n'));
    this.name = 'StartupProblem';
    this.lines = lines;
    this.exitCode = passing ? tryLater : failed;
  }
}

/** The only catch-all of a program: its `main.ts` hands its work to this. */
export async function startProgram(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof StartupProblem)) throw error;
    process.stderr.write(`${error.lines.map(toOneLine).join('\n')}\n`);
    process.exitCode = error.exitCode;
    // Whatever was opened before the problem must not keep the process alive.
    process.exit();
  }
}
