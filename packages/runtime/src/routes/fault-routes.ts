/** Faults of every service, switched from here. They are data in a file; the services read it themselves. */
import {
  type FaultOperation,
  type FaultState,
  faultOperations,
  findFaultContract,
  listDeclineCodes,
} from '@baton/contracts';
import type { FaultControl } from '@baton/faults';
import { createOperatorCheck, type Handlers, mount } from '@baton/service-kit';
import type { Log, Metrics } from '@baton/telemetry';
import type { Router } from 'express';

type Routes = Handlers<typeof faultOperations>;
interface Surroundings {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly operatorToken: string | undefined;
}

export function mountFaults(router: Router, faults: FaultControl, around: Surroundings): void {
  router.use('/faults', createOperatorCheck(around.operatorToken));
  mount(router, faultOperations, around)(createFaultHandlers(faults));
}

const createFaultHandlers = (faults: FaultControl): Routes => ({
  getFaults: () => readFile(() => ({ faults: faults.list() })),
  setFault: ({ params: { operation }, body: fault }) => {
    const detail = fault.kind === 'decline' ? findUnknownCode(operation, fault.code) : undefined;
    if (detail !== undefined) return { problem: 'bad-request', detail };
    return readFile((): FaultState => faults.set(operation, fault));
  },
  clearFault: ({ params: { operation } }) => readFile((): FaultState => faults.clear(operation)),
  clearFaults: () =>
    readFile(() => {
      faults.clearAll();
      return { faults: faults.list() };
    }),
});

function findUnknownCode(operation: FaultOperation, code: string | undefined): string | undefined {
  const codes = listDeclineCodes(findFaultContract(operation));
  return code === undefined || codes.includes(code)
    ? undefined
    : `body.code: ${operation} can be declined with ${codes.join(', ')}`;
}

/** A file that someone else broke is theirs to mend; switching all off may mend it as well. */
function readFile<T>(read: () => T) {
  try {
    return { status: 200 as const, body: read() };
  } catch (error) {
    const remedy = error instanceof Error ? remedies.get(error.name) : undefined;
    if (!(error instanceof Error) || remedy === undefined) throw error;
    return { problem: 'unavailable' as const, detail: `${error.message}; ${remedy}` };
  }
}

/** By the error's name: in production its class is not even loaded. */
const remedies: ReadonlyMap<string, string> = new Map([
  ['UnreadableFaults', 'DELETE /faults empties it'],
  ['UnusableFaults', 'it is to be mended by hand'],
]);
