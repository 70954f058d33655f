/** Faults at all services, switched from one place: the orchestrator's. Absent in production. */
import { z } from 'zod';
import { Fault, FaultOperation, faultKinds } from './fault.ts';
import { defineOperation } from './operation.ts';
import { listedParticipants } from './participant-list.ts';

const service = 'orchestrator';
const params = z.strictObject({ operation: FaultOperation });

export const FaultState = z
  .object({
    operation: z.string(),
    fault: z
      .looseObject({ kind: z.enum(faultKinds) })
      .nullable()
      .meta({ description: 'With its parameters and its scope; null while nothing is on' }),
    hits: z.string().nullable().meta({ description: 'Which requests it hits, in words' }),
  })
  .meta({ id: 'FaultState' });
export type FaultState = z.infer<typeof FaultState>;

const FaultList = z.object({ faults: z.array(FaultState).max(100) });

const off = { operation: 'order.cancel', fault: null, hits: null } satisfies FaultState;
const on = {
  operation: 'payment.process',
  fault: { kind: 'lost-reply', times: 2 },
  hits: 'every order, the first 2 attempts',
} satisfies FaultState;

const getFaults = defineOperation({
  name: 'orchestrator.faults',
  service,
  kind: 'read',
  access: 'operator',
  method: 'GET',
  path: '/faults',
  summary: 'Every operation, and the fault that is on there (outside production)',
  replies: { 200: FaultList },
  problems: {},
  examples: { reply: { faults: [on, off] } },
});

const setFault = defineOperation({
  name: 'orchestrator.set-fault',
  service,
  kind: 'command',
  access: 'operator',
  method: 'PUT',
  path: '/faults/:operation',
  summary: 'Switch a fault on, in place of the one before (outside production)',
  params,
  body: Fault,
  replies: { 200: FaultState },
  problems: {},
  examples: { body: { kind: 'lost-reply', times: 2 }, reply: on },
});

const clearFault = defineOperation({
  name: 'orchestrator.clear-fault',
  service,
  kind: 'command',
  access: 'operator',
  method: 'DELETE',
  path: '/faults/:operation',
  summary: 'Switch the fault of one operation off (outside production)',
  params,
  replies: { 200: FaultState },
  problems: {},
  examples: { reply: off },
});

const clearFaults = defineOperation({
  name: 'orchestrator.clear-faults',
  service,
  kind: 'command',
  access: 'operator',
  method: 'DELETE',
  path: '/faults',
  summary: 'Switch all faults off (outside production)',
  replies: { 200: FaultList },
  problems: {},
  examples: { reply: { faults: [off] } },
});

const crash = defineOperation({
  name: 'orchestrator.crash',
  service,
  kind: 'command',
  method: 'POST',
  path: '/faults/crash',
  access: 'operator',
  summary: 'End the orchestrator that answers, as kill -9 does (outside production)',
  replies: { 202: z.object({ pid: z.int() }) },
  problems: {},
  examples: { reply: { pid: 4711 } },
});

const ParticipantParams = z.strictObject({
  participant: z.enum([...listedParticipants.map(({ name }) => name), 'standby']),
});

const kill = defineOperation({
  name: 'orchestrator.kill',
  service,
  kind: 'command',
  method: 'POST',
  path: '/faults/crash/:participant',
  access: 'operator',
  summary:
    'End a participant, or the standby, as kill -9 does; answered once it is there again (outside production)',
  params: ParticipantParams,
  replies: {
    200: z.object({
      servedAgainAfterMs: z
        .int()
        .nullable()
        .meta({ description: 'Null where nobody had started it again within 10 s' }),
    }),
  },
  problems: {
    'not-killed': { status: 409, title: 'It was not running, or takes no faults' },
  },
  examples: { reply: { servedAgainAfterMs: 640 } },
});

export const faultOperations = { getFaults, setFault, clearFault, clearFaults, crash, kill };
