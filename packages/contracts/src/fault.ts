/**
 * Faults put in on purpose, outside production: their kinds and their scopes. A fault without a scope hits every
 * request of its operation.
 */
import { z } from 'zod';
import { type FencedOperation, isFenced } from './operation.ts';
import { Instant, OrderId } from './order.ts';
import { listedParticipants } from './participant-list.ts';

const contracts: ReadonlyMap<string, FencedOperation> = new Map(
  listedParticipants.flatMap(({ faultPrefix, operations }) =>
    Object.values(operations).flatMap((operation) =>
      isFenced(operation)
        ? [[operation.name.replace(/^[^.]+/, faultPrefix), operation] as const]
        : [],
    ),
  ),
);

/** Effects and undos by their own name; a second instance of a program has its name in front. */
export const faultableOperations: readonly string[] = [...contracts.keys()];
export const FaultOperation = z.enum(faultableOperations).meta({ id: 'FaultOperation' });
export type FaultOperation = z.infer<typeof FaultOperation>;

/** The kind of fault behind an answer, where there is one. */
export const faultHeader = 'baton-fault';

const Delay = z.int().min(1).max(60_000).meta({ description: 'Milliseconds' });
const RetryAfter = z.int().min(0).max(3_600).meta({ description: 'Seconds' });

const scope = {
  times: z.int().min(1).max(1_000).optional().meta({ description: 'Only the first N attempts' }),
  fraction: z.number().min(0.0001).max(1).optional().meta({ description: 'Of all attempts' }),
  order: OrderId.optional().meta({ description: 'Only this order' }),
  until: Instant.optional(),
} as const;

export const Fault = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('latency'), ms: Delay.default(500), ...scope }),
    z.strictObject({
      kind: z.literal('status'),
      status: z.int().min(400).max(599).default(503),
      retryAfter: RetryAfter.optional(),
      ...scope,
    }),
    z.strictObject({ kind: z.literal('hang'), ...scope }),
    z.strictObject({ kind: z.literal('reset'), ...scope }),
    z.strictObject({ kind: z.literal('lost-reply'), ...scope }),
    z.strictObject({ kind: z.literal('duplicate'), ...scope }),
    z.strictObject({ kind: z.literal('late'), ms: Delay.default(1_000), ...scope }),
    z.strictObject({ kind: z.literal('malformed'), ...scope }),
    z.strictObject({ kind: z.literal('drip'), ms: Delay.default(1_000), ...scope }),
    z.strictObject({
      kind: z.literal('crash'),
      when: z.enum(['before', 'after']).default('before').meta({ description: 'The commit' }),
      ...scope,
    }),
    z.strictObject({ kind: z.literal('overload'), retryAfter: RetryAfter.default(1), ...scope }),
    z.strictObject({
      kind: z.literal('decline'),
      code: z
        .string()
        .max(64)
        .optional()
        .meta({ description: 'A refusal that the contract lists' }),
      ...scope,
    }),
  ])
  .meta({ id: 'Fault' });
export type Fault = z.infer<typeof Fault>;
export type FaultKind = Fault['kind'];

export const faultKinds: readonly FaultKind[] = Fault.options.map(({ shape }) => shape.kind.value);

/** The contract behind a name, also of a second instance of the program. */
export function findFaultContract(name: FaultOperation): FencedOperation {
  const found = contracts.get(name);
  if (!found) throw new Error(`${name} is no effect and no undo`);
  return found;
}

/** The business's refusals. An operation without any can still be fenced, as any effect and undo can. */
export function listDeclineCodes(operation: FencedOperation): readonly [string, ...string[]] {
  const codes = Object.entries(operation.problems).flatMap(([code, { refusal }]) =>
    refusal ? [code] : [],
  );
  const [first, ...rest] = codes;
  return first === undefined ? ['fenced'] : [first, ...rest];
}
