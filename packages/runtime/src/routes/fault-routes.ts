/** Switches the faults of every service. They are data in a file, which the services read themselves. */
import {
  type FaultOperation,
  type FaultState,
  faultOperations,
  findFaultContract,
  listDeclineCodes,
} from '@baton/contracts';
import type { FaultControl } from '@baton/faults';
import type { Engine } from '@baton/saga';
import { type Handlers, type MountSurroundings, mount } from '@baton/service-kit';
import type { Router } from 'express';

type Routes = Handlers<typeof faultOperations>;

interface Breakable {
  readonly faults: FaultControl;
  readonly engine: Pick<Engine, 'standby'>;
}

export function mountFaults(router: Router, what: Breakable, around: MountSurroundings): void {
  mount(router, faultOperations, around)(createFaultHandlers(what));
}

const createFaultHandlers = ({ faults, engine }: Breakable): Routes => ({
  getFaults: () => readFile(() => ({ faults: faults.list() })),
  setFault: ({ params: { operation }, body: fault }) => {
    const detail = fault.kind === 'decline' ? findUnknownCode(operation, fault.code) : undefined;
    if (detail !== undefined) return { problem: 'bad-request', detail };
    return readFile((): FaultState => faults.set(operation, fault));
  },
  clearFault: ({ params: { operation } }) => readFile((): FaultState => faults.clear(operation)),
  crash: () => {
    faults.crash();
    return { status: 202, body: { pid: process.pid } };
  },
  kill: async ({ params: { participant } }) => {
    const killing =
      participant === 'standby'
        ? await faults.killStandby(() => engine.standby())
        : await faults.kill(participant);
    return 'why' in killing
      ? { problem: 'not-killed', detail: killing.why }
      : { status: 200, body: killing };
  },
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

/** Another hand broke the file, and must mend it; switching all faults off may mend it, too. */
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
