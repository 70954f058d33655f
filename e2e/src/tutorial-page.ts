/** docs/tutorial.md as data: commands, files, and expected output. Nothing on the page is left out. */

export type Block =
  | { readonly type: 'commands'; readonly text: string }
  /** Runs on, in a terminal of its own. */
  | { readonly type: 'program'; readonly terminal: string; readonly text: string }
  | { readonly type: 'file'; readonly path: string; readonly text: string }
  | { readonly type: 'patch'; readonly text: string }
  /** The expected output of the last block; `…` stands for anything. */
  | { readonly type: 'answer'; readonly lines: readonly string[] };

export function readBlocks(page: string): Block[] {
  const fences = page.matchAll(/^```(\w*)(?: title="([^"]+)")?\n([\s\S]*?)^```$/gm);
  const blocks = [...fences].map(([, language = '', title, text = '']) =>
    toBlock(language, title, text),
  );
  if (blocks.length * 2 !== page.match(/^```/gm)?.length)
    throw new Error('a fence of the page was not understood');
  return blocks;
}

function toBlock(language: string, title: string | undefined, text: string): Block {
  switch (language) {
    case 'sh':
      return title === undefined
        ? { type: 'commands', text }
        : { type: 'program', terminal: title, text };
    case 'js':
    case 'ts':
      if (title === undefined) throw new Error(`a file has no name: ${text}`);
      return { type: 'file', path: title, text };
    case 'diff':
      return { type: 'patch', text };
    case 'text':
      return { type: 'answer', lines: text.trimEnd().split('\n') };
    default:
      throw new Error(`"${language}" is no kind of block: ${text}`);
  }
}

/** The first of the expected lines that did not come, in order; undefined when all came. */
export function findMissing(expected: readonly string[], output: string): string | undefined {
  const came = output.split('\n').map((line) => line.trim());
  let next = 0;
  return expected.find((line) => {
    const pattern = toPattern(line);
    const found = came.findIndex((text, index) => index >= next && pattern.test(text));
    next = found + 1;
    return found < 0;
  });
}

const toPattern = (line: string): RegExp =>
  new RegExp(
    `^${line
      .replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
      .replaceAll('…', '.*')
      .replaceAll(/\s+/g, '\\s+')}$`,
  );
