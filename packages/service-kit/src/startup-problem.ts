/** What keeps a program from starting, told to whoever starts it: lines, never a stack. */
export class StartupProblem extends Error {
  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    super(lines.join('\n'));
    this.name = 'StartupProblem';
    this.lines = lines;
  }
}

/** The only catch-all of a program: its `main.ts` hands its work to this. */
export const startProgram = async (main: () => Promise<void>): Promise<void> => {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof StartupProblem)) throw error;
    process.stderr.write(`${error.lines.join('\n')}\n`);
    process.exitCode = 1;
    // Whatever was opened before the problem must not keep the process alive.
    process.exit();
  }
};
