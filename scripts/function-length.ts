/**
 * How long functions are, without comments, closing lines, and definitions of sagas and operations: these are data, and
 * as long as there are steps or routes. The functions in them count as any others do.
 */
import { parseSync, Visitor } from 'oxc-parser';

interface Span {
  readonly start: number;
  readonly end: number;
}
interface Syntax extends Span {
  readonly type: string;
}

export interface FunctionLength {
  readonly firstLine: number;
  readonly lines: number;
}

const isCode = /^(?!\s*([\])};,]*$|\/\/|\/?\*))/;

const countLines = (text: string): number => text.split('\n').length;

const definers: readonly unknown[] = ['saga', 'defineOperation'];

/** Whether a chain of calls began with `saga(…)`, or defines an operation. */
function isDefinition(node: Syntax): boolean {
  if ('callee' in node) return isDefinition(node.callee as Syntax);
  if ('object' in node) return isDefinition(node.object as Syntax);
  return 'name' in node && definers.includes(node.name);
}

function readSpans(path: string, text: string) {
  const bodies: Span[] = [];
  /** All calls of a definition begin at the same place; the last one, which holds the others, is met first. */
  const definitions = new Map<number, Span>();
  const addBody = ({ body }: { readonly body: Span | null }) => body && bodies.push(body);
  const { program, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
  new Visitor({
    FunctionDeclaration: addBody,
    FunctionExpression: addBody,
    ArrowFunctionExpression: addBody,
    CallExpression: (node) => {
      if (isDefinition(node) && !definitions.has(node.start)) definitions.set(node.start, node);
    },
  }).visit(program);
  return { bodies, definitions: [...definitions.values()] };
}

export function readFunctionLengths(path: string, text: string): readonly FunctionLength[] {
  const { bodies, definitions } = readSpans(path, text);
  return bodies.map((body) => {
    let from = body.start;
    let code = '';
    for (const { start, end } of definitions) {
      if (start < from || end > body.end) continue;
      code += text.slice(from, start);
      from = end;
    }
    code += text.slice(from, body.end);
    const lines = code.split('\n').filter((line) => isCode.test(line)).length;
    return { firstLine: countLines(text.slice(0, body.start)), lines };
  });
}
