/** JSON as it arrives from outside: what may be in it, and one text for equal values. */
import type { Issue } from '@baton/contracts';

/** Deeper than any contract; recursion over the body stays shallow. */
const depthMax = 16;
/** Keys that mean something to JavaScript: not every schema, merge or copy sees them. */
const forbiddenKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

const isContainer = (value: unknown): value is object =>
  typeof value === 'object' && value !== null;

/** Problems with the shape of a value, before any schema sees it. */
export function inspectJson(value: unknown, path: string, depth = 0): readonly Issue[] {
  if (!isContainer(value)) return [];
  if (depth >= depthMax) return [{ path, message: `is nested deeper than ${depthMax} levels` }];
  return Object.entries(value).flatMap(([key, child]) => {
    const childPath = Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`;
    if (forbiddenKeys.has(key)) return [{ path: childPath, message: 'is not an allowed name' }];
    return inspectJson(child, childPath, depth + 1);
  });
}

/** Equal values give equal texts: keys sorted, nothing else changed. */
export function toCanonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(toCanonicalJson).join(',')}]`;
  if (!isContainer(value)) return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value)
    .filter(([, child]) => child !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, child]) => `${JSON.stringify(key)}:${toCanonicalJson(child)}`);
  return `{${fields.join(',')}}`;
}
