/** What a participant's routes work on: its tables and its fence, in the file of a process or in the object of a function. */
import type { SQLInputValue, SQLOutputValue } from 'node:sqlite';

/** As much of node:sqlite as statements of services use. */
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
  /** Random, and as old as the tables: when it changes, the service has lost its memory. */
  readonly incarnation: string;
  /** Runs `work` under the write lock, with others that arrive together; resolves once that is on the disk. A throw takes back this work alone. */
  readonly transact: <T>(work: () => T) => Promise<T>;
  /** A part of a work: what it writes is taken back where its result says so. */
  readonly runPart: <T>(work: () => T, isKept: (result: T) => boolean) => T;
  /** False from when the disk was full until it has room. */
  readonly hasRoom: () => boolean;
}
