/** A participant's tables and its fence, in the file of a process or in the object of a function. */
import type { SQLInputValue, SQLOutputValue } from 'node:sqlite';

/** The part of node:sqlite that services use. */
export interface Sql {
  readonly exec: (query: string) => void;
  readonly prepare: (query: string) => Statement;
}

type Bindings = readonly SQLInputValue[];
export type Row = Record<string, SQLOutputValue>;

interface Statement {
  readonly get: (...bindings: Bindings) => Row | undefined;
  readonly all: (...bindings: Bindings) => Row[];
  readonly run: (...bindings: Bindings) => { readonly lastInsertRowid: number | bigint };
}

export interface Memory {
  readonly db: Sql;
  /** Random, and as old as the tables: when it changes, the service has lost its data. */
  readonly incarnation: string;
  /** Runs `work` under the write lock, with other works of the same turn; resolves once it is on the disk. A throw takes back this work alone. */
  readonly transact: <T>(work: () => T) => Promise<T>;
  /** A part of a work: its writes are taken back where its result says so. */
  readonly runPart: <T>(work: () => T, isKept: (result: T) => boolean) => T;
  /** False from when the disk was full until it has room. */
  readonly hasRoom: () => boolean;
}
