import { toOneLine } from '@baton/telemetry';

const failed = 1;
/** EX_TEMPFAIL of sysexits.h: it tells the supervisor that a later start may help. */
const tryLater = 75;

/** What keeps a program from starting, in lines for its operator, never a stack. */
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
    // Resources that were opened before the problem must not keep the process alive.
    process.exit();
  }
}
