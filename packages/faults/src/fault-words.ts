/** Faults as people write them, at the command line and in baggage: a slip is told in one line, with the known words. */
import {
  Fault,
  FaultOperation,
  faultableOperations,
  faultKinds,
  findFaultContract,
  listDeclineCodes,
} from '@baton/contracts';

export interface CarriedFault {
  readonly operation: FaultOperation;
  readonly fault: Fault;
}
export type ReadFault = CarriedFault | { readonly slip: string };

export interface FaultWords {
  readonly operation: string;
  /** Undefined where it was left out. */
  readonly kind: string | undefined;
  readonly settings: Readonly<Record<string, string | number>>;
  /** How a setting is written there: `--retry-after`. */
  readonly toName: (setting: string) => string;
}

/** A person's typing, as part of a line. */
const quote = (text: string): string => text.slice(0, 100);

export const describeNoOperation = (text: string): string =>
  `No operation ${quote(text)}: there are ${faultableOperations.join(', ')}`;

interface Problem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
}

function describeProblem(kind: string, issue: Problem, toName: FaultWords['toName']): string {
  const names = (issue.keys ?? issue.path).map((name) => quote(toName(String(name))));
  return issue.keys
    ? `${kind} takes no ${names.join(', ')}`
    : `${names.join('.')}: ${issue.message}`;
}

/** Undefined where the business can refuse with this code. */
function findNoCode(
  operation: FaultOperation,
  fault: Fault,
  toName: FaultWords['toName'],
): string | undefined {
  if (fault.kind !== 'decline' || fault.code === undefined) return undefined;
  const codes = listDeclineCodes(findFaultContract(operation));
  return codes.includes(fault.code)
    ? undefined
    : `${toName('code')} ${fault.code}: ${operation} can be declined with ${codes.join(', ')}`;
}

export function readFaultWords({ operation, kind, settings, toName }: FaultWords): ReadFault {
  const name = FaultOperation.safeParse(operation).data;
  if (name === undefined) return { slip: describeNoOperation(operation) };
  const kinds = faultKinds.join(', ');
  if (kind === undefined) return { slip: `Which fault? There are ${kinds}` };
  if (!faultKinds.some((known) => known === kind))
    return { slip: `No fault ${quote(kind)}: there are ${kinds}` };
  // Entries, so that no name of a setting is taken for a prototype.
  const fault = Fault.safeParse(Object.fromEntries([...Object.entries(settings), ['kind', kind]]));
  if (!fault.success) {
    const [issue = { path: [], message: 'is no fault' }] = fault.error.issues;
    return { slip: describeProblem(kind, issue, toName) };
  }
  const slip = findNoCode(name, fault.data, toName);
  return slip === undefined ? { operation: name, fault: fault.data } : { slip };
}
