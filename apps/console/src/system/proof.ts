/** Reads the runs whose end the page has not heard of, and then the books, until all is known. */
import type { Audit } from '@baton/contracts';
import { type Answer, readAudit, readRun } from '../api.ts';
import { findWorkflow, rows } from '../live.ts';
import { isSettled } from '../words.ts';
import { judgeBooks, listUnsure, type Standing } from './fates.ts';

/** Runs that are read in each turn: the stream of events tells of the others. */
const askMax = 100;

interface Looked {
  /** Undefined where there are no books. */
  readonly books: Audit | undefined;
}
type Look = (signal: AbortSignal) => Promise<Answer<Looked>>;

const toAnswer = (books?: Audit) => ({ ok: true, status: 200, body: { books } }) as const;
const nothing = toAnswer();
export const unasked: Look = async () => nothing;

export interface Proof {
  readonly find: (id: string) => Standing;
  /** Stops once every run is over and the books, if there are any, add up. */
  readonly look: Look;
}

export function createProof(open: readonly string[]): Proof {
  const answers = new Map<string, Standing>();
  const find = (id: string): Standing => {
    const told = rows.get(id)?.status;
    return told && isSettled(told) ? told : (answers.get(id) ?? told);
  };
  let last: Answer<Looked> | undefined = open.length === 0 ? nothing : undefined;
  const look: Look = async (signal) => {
    if (last) return last;
    for (const id of listUnsure(open, find).slice(0, askMax)) {
      if (signal.aborted) return nothing;
      answers.set(id, await askFor(id));
    }
    const areOver = listUnsure(open, find).length === 0;
    const audit = await readAudit(signal);
    const answer = toAnswer(audit.ok ? audit.body : undefined);
    if (areOver && isLast(audit)) last = answer;
    return answer;
  };
  return { find, look };
}

const isLast = (audit: Answer<Audit>): boolean =>
  audit.ok ? judgeBooks(audit.body)[1] === 'good' : audit.status === 404;

async function askFor(id: string): Promise<Standing> {
  const workflow = findWorkflow(id);
  const answer = workflow && (await readRun(workflow, id));
  if (answer?.ok) return answer.body.status;
  return answer?.status === 404 ? 'lost' : undefined;
}
