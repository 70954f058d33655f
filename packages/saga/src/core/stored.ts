/** What the journal can keep: plain data that JSON does not change, so that a run sees the same before a crash and after. */

/** Of one value's JSON, in characters. */
export const storedMax = 1_048_576;
const depthMax = 100;

/** A copy, as the journal will hold it. Throws a TypeError with the place and the kind, and nothing of the content. */
export function toStored(value: unknown, name: string): unknown {
  const json = JSON.stringify({ value }, (key, part) => {
    if (typeof part === 'bigint') throw new TypeError(`${name}, at ${key}, is a bigint`);
    return part;
  });
  if (json.length > storedMax)
    throw new TypeError(`${name} is larger than ${storedMax} characters of JSON`);
  const copy: unknown = JSON.parse(json).value;
  const change = findChange(value, copy, [name]);
  if (change !== undefined) throw new TypeError(`${change}, which does not survive JSON`);
  return copy;
}

/** Finds a value that JSON has changed. A field that is undefined may be left out. */
function findChange(was: unknown, is: unknown, path: readonly string[]): string | undefined {
  if (Object.is(was, is)) return undefined;
  if (path.length > depthMax) return `${path[0]} is more than ${depthMax} levels deep`;
  if (!isPlain(was) || !isPlain(is)) return `${path.join('.')} is ${describe(was)}`;
  for (const key of Object.keys({ ...was, ...is })) {
    const change = findChange(Reflect.get(was, key), Reflect.get(is, key), [...path, key]);
    if (change !== undefined) return change;
  }
  return undefined;
}

/** Also an object of another realm: above its prototype there is only that of all objects, or nothing. */
export function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const own: object | null = Object.getPrototypeOf(value);
  const root: object | null = Array.isArray(value) && own ? Object.getPrototypeOf(own) : own;
  const isRoot = root === null || Object.getPrototypeOf(root) === null;
  return isRoot && Object.getOwnPropertySymbols(value).length === 0;
}

function describe(value: unknown): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  const kind = typeof value === 'object' ? Object(value).constructor?.name : typeof value;
  if (kind === 'Object') return 'an object with symbols, or with a prototype of its own';
  return kind === 'undefined' ? kind : `a ${kind}`;
}
