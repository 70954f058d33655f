/** The demo's output: lines with a style, wrapped, kept for the picture; and a line that counts while nothing happens. */
import type { WriteStream } from 'node:tty';
import { toOneLine } from '@baton/telemetry';

export type Style = 'plain' | 'title' | 'good' | 'bad' | 'broken' | 'dim';
export interface Line {
  readonly text: string;
  readonly style: Style;
}

interface Look {
  readonly style?: Style;
  /** Columns that further lines of the same sentence stand in. */
  readonly hang?: number;
}

const columnsMax = 100;
const columnsMin = 60;
/** After this long without a line, the demo says what it waits for. */
const silenceMaxMs = 1_500;
const tickMs = 250;
const logEveryMs = 5_000;
const clearLine = '\r\u001b[2K';

const codes: Readonly<Record<Style, string>> = {
  plain: '',
  title: '1',
  good: '32',
  bad: '1;31',
  broken: '33',
  dim: '2',
};

type Output = NodeJS.WriteStream & Partial<Pick<WriteStream, 'columns'>>;

export class Screen {
  /** All output, by section. */
  readonly sections = new Map<string, Line[]>();
  readonly #output: Output;
  readonly #isTerminal: boolean;
  readonly #isColoured: boolean;
  readonly #columns: number;
  #section = '';
  #lastSaidAt = 0;
  #isCounting = false;

  constructor(output: Output, env: NodeJS.ProcessEnv) {
    this.#output = output;
    this.#isTerminal = output.isTTY === true;
    this.#isColoured = this.#isTerminal && !env.NO_COLOR && env.TERM !== 'dumb';
    this.#columns = Math.max(columnsMin, Math.min(output.columns || columnsMax, columnsMax));
  }

  /** Later lines belong to this section. */
  begin(section: string): void {
    this.#section = section;
    this.sections.set(section, []);
  }

  say(said: string, { style = 'plain', hang = 0 }: Look = {}): void {
    const text = toOneLine(said);
    this.#clearCount();
    this.#lastSaidAt = performance.now();
    for (const part of wrap(text, this.#columns, hang)) {
      this.sections.get(this.#section)?.push({ text: part, style });
      const code = this.#isColoured && part !== '' ? codes[style] : '';
      this.#output.write(code ? `\u001b[${code}m${part}\u001b[0m\n` : `${part}\n`);
    }
  }

  /** Until `work` is done, says what the demo waits for whenever there is nothing else to say. */
  async during<T>(describe: () => string, work: Promise<T>): Promise<T> {
    this.#lastSaidAt = performance.now();
    let loggedAt = 0;
    const timer = setInterval(() => {
      const silentMs = performance.now() - this.#lastSaidAt;
      if (silentMs < silenceMaxMs) return;
      const text = `    … ${toOneLine(describe())} (${Math.round(silentMs / 1_000)} s)`;
      if (this.#isTerminal) this.#count(text);
      else if (performance.now() - loggedAt > logEveryMs) {
        loggedAt = performance.now();
        this.#output.write(`${text}\n`);
      }
    }, tickMs);
    try {
      return await work;
    } finally {
      clearInterval(timer);
      this.#clearCount();
    }
  }

  #count(text: string): void {
    this.#isCounting = true;
    this.#output.write(`${clearLine}${text.slice(0, this.#columns - 1)}`);
  }

  #clearCount(): void {
    if (this.#isCounting) this.#output.write(clearLine);
    this.#isCounting = false;
  }
}

function wrap(text: string, columns: number, hang: number): string[] {
  if (text.length <= columns) return [text];
  const cut = text.lastIndexOf(' ', columns);
  // A word that fills the line stays whole, so that a command can be copied.
  if (text.slice(0, cut).trim() === '') return [text];
  const rest = `${' '.repeat(hang)}${text.slice(cut).trimStart()}`;
  return [text.slice(0, cut), ...wrap(rest, columns, hang)];
}
