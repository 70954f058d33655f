import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';

const programText = new URL('./log-stand-in.ts', import.meta.url).pathname;
/** Some six megabytes: more than any pipe takes, and more than is kept. */
const many = 20_000;

/** Nobody reads until something is written to 4. Node's own is a socket; containers give a pipe. */
const commands = {
  'a socket': '"$0" "$1"; echo "ended $?"',
  'a pipe': 'exec 3>&1; { "$0" "$1" 2>&1 >&3; echo "ended $?" >&3; } | { read -r _ <&4; cat >&2; }',
};

type Stdio = [Writable, Readable, Readable, null, Writable];
interface Line {
  readonly msg: string;
  readonly instance?: string;
  readonly n?: number;
  readonly dropped?: number;
}

function start(command: string) {
  const child = spawn('sh', ['-c', command, process.execPath, programText], {
    stdio: ['pipe', 'pipe', 'pipe', 'ignore', 'pipe'],
  });
  // As it was told just now.
  const [stdin, stdout, stderr, , gate] = child.stdio as Stdio;
  for (const stream of [stdin, gate]) stream.on('error', () => {});
  onTestFinished(() => {
    stdin.destroy();
    gate.destroy();
    child.kill('SIGKILL');
  });
  const answers = createInterface({ input: stdout });
  let text = '';
  return {
    tell: async (line: string): Promise<string> => {
      const answer = once(answers, 'line');
      stdin.write(`${line}\n`);
      const [said] = await answer;
      return said;
    },
    read: () => {
      gate.write('go\n');
      stderr.setEncoding('utf8').on('data', (chunk) => {
        text += String(chunk);
      });
    },
    lines: (): readonly Line[] =>
      text
        .slice(0, text.lastIndexOf('\n') + 1)
        .split('\n')
        .flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : [])),
    text: () => text,
  };
}

describe.each(Object.entries(commands))('stderr that is %s', (_what, command) => {
  it('holds nobody up while it is not read, and ends with its own code', async () => {
    const program = start(command);
    expect(await program.tell(`say ${many}`)).toBe('done');
    expect(await program.tell('end')).toBe('ended 0');
  });

  it('has its lines in order once it is read, and says how many were dropped', async () => {
    const program = start(command);
    await program.tell(`say ${many}`);
    program.read();
    await expect.poll(() => program.lines().at(-1)?.n).toBe(many - 1);
    await program.tell('say 2');
    await expect.poll(() => program.lines().at(-1)?.n).toBe(many + 1);
    const lines = program.lines();
    const numbers = lines.flatMap(({ n }) => n ?? []);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    const notices = lines.filter(({ dropped }) => dropped !== undefined);
    expect(notices).toHaveLength(1);
    const { instance } = lines.at(-1) ?? {};
    expect(instance).toEqual(expect.any(String));
    expect(notices[0]).toMatchObject({ level: 'warn', service: 'stand-in', instance });
    expect(notices[0]?.dropped).toBe(many + 2 - numbers.length);
  });

  it.each([
    ['fail', 'ended 70', { msg: 'last words' }],
    ['end', 'ended 0', { n: many - 1 }],
  ])(
    'gets the last line before the end (%s), however much there was before it',
    async (how, ended, last) => {
      const program = start(command);
      await program.tell(`say ${many}`);
      program.read();
      expect(await program.tell(how)).toBe(ended);
      await expect.poll(() => program.lines().at(-1)).toMatchObject(last);
    },
  );

  it('loses no line to a crash', async () => {
    const program = start(command);
    program.read();
    await program.tell('say 20');
    expect(await program.tell('say 1 crash')).toBe('ended 1');
    await expect.poll(() => program.text()).toContain('Error: planned');
    expect(program.lines().flatMap(({ n }) => n ?? [])).toEqual(
      Array.from({ length: 21 }, (_, n) => n),
    );
  });
});
