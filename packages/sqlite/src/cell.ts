/** The cells of a row. Not a mapper: a cell of the wrong type is a bug, and is thrown. */
export type Row = Record<string, unknown>;

/** The named boundary for cells whose column type the schema fixes. */
export function readCell<T>(row: Row | undefined, name: string): T {
  return row?.[name] as T;
}

export function readText(row: Row | undefined, name: string): string {
  const value = row?.[name];
  if (typeof value !== 'string') throw new Error(`the column ${name} holds no text`);
  return value;
}

export function readNumber(row: Row | undefined, name: string): number {
  const value = row?.[name];
  if (typeof value !== 'number') throw new Error(`the column ${name} holds no number`);
  return value;
}
