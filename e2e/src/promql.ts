/** The metrics and labels of a PromQL expression, to compare them with the real ones. Prometheus itself judges its syntax. */

export interface Selector {
  readonly metric: string;
  /** Which it is filtered by. */
  readonly labels: readonly string[];
}
export interface Asked {
  readonly selectors: readonly Selector[];
  /** Which the expression groups by: every metric in it must have them. */
  readonly grouping: readonly string[];
}

const validToken = /"(?:[^"\\]|\\.)*"|\[[^\]]*\]|[a-zA-Z_:][\w:]*|\d[\w.]*|\S/g;
const isName = (token: string | undefined): token is string => /^[a-zA-Z_:]/.test(token ?? '');

const groupings = new Set(['by', 'without', 'on', 'ignoring', 'group_left', 'group_right']);
const operators = new Set(['and', 'or', 'unless', 'offset', 'bool', 'atan2']);

export function readExpression(expr: string): Asked {
  const tokens: readonly string[] = expr.match(validToken) ?? [];
  const selectors: Selector[] = [];
  const grouping: string[] = [];
  /** The names in the brackets that open at `start`; values of matchers are strings, and no names. */
  const readNames = (start: number, closing: string): string[] =>
    tokens.slice(start + 1, tokens.indexOf(closing, start)).filter(isName);
  for (let i = 0; i < tokens.length; i += 1) {
    const [token, next] = [tokens[i], tokens[i + 1]];
    if (!isName(token) || operators.has(token)) continue;
    if (groupings.has(token)) {
      grouping.push(...readNames(i + 1, ')'));
      i = tokens.indexOf(')', i);
    } else if (next === '{') {
      selectors.push({ metric: token, labels: readNames(i + 1, '}') });
      i = tokens.indexOf('}', i);
      // A word before a bracket or a grouping is a function or an aggregation.
    } else if (next !== '(' && !groupings.has(next ?? ''))
      selectors.push({ metric: token, labels: [] });
  }
  return { selectors, grouping };
}
