/**
 * A fault as a feature flag in flagd's JSON format. What happens is the flag's variant `on`; whom it hits is its
 * targeting, which is repeated in words of ours in its metadata, so that it can be read back and shown.
 */
import { isDeepStrictEqual } from 'node:util';
import { Fault } from '@baton/contracts';
import { z } from 'zod';

/** In steps of a hundredth of a per cent: flagd's weights are whole numbers. */
const weightSum = 10_000;

type Rule = Readonly<Record<string, unknown>>;
/** Built by hand, a flag may be anything that flagd takes. */
export const Flag = z.looseObject({
  state: z.enum(['ENABLED', 'DISABLED']),
  variants: z.record(z.string(), z.union([Fault, z.strictObject({})])),
  metadata: z.record(z.string(), z.unknown()).optional(),
});
export type Flag = z.infer<typeof Flag>;

function share(fraction: number): Rule {
  const weight = Math.round(fraction * weightSum);
  return {
    fractional: [
      ['on', weight],
      ['off', weightSum - weight],
    ],
  };
}

export function toFlag(fault: Fault) {
  const { times, fraction, order, until, ...action } = fault;
  const conditions: readonly Rule[] = [
    ...(order === undefined ? [] : [{ '==': [{ var: 'orderId' }, order] }]),
    ...(times === undefined ? [] : [{ '<=': [{ var: 'attempt' }, times] }]),
    ...(until === undefined ? [] : [{ '<': [{ var: 'nowMs' }, Date.parse(until)] }]),
  ];
  const hit = fraction === undefined ? 'on' : share(fraction);
  const isForAll = conditions.length === 0 && fraction === undefined;
  const scope = { times, fraction, order, until };
  return {
    state: 'ENABLED' as const,
    variants: { on: action, off: {} },
    defaultVariant: isForAll ? 'on' : 'off',
    ...(isForAll ? {} : { targeting: { if: [{ and: [true, ...conditions] }, hit, 'off'] } }),
    metadata: Object.fromEntries(Object.entries(scope).filter(([, v]) => v !== undefined)),
  };
}

/** Null when nothing can be hit; `custom` when its targeting is not what we would have written. */
export function readFlag(
  flag: Flag,
  nowMs: number,
): { readonly fault: Fault; readonly custom: boolean } | null {
  const read = Fault.safeParse({ ...flag.metadata, ...flag.variants.on });
  const action = read.success ? read.data : Fault.safeParse(flag.variants.on).data;
  if (flag.state === 'DISABLED' || action === undefined) return null;
  const custom = !isDeepStrictEqual(toPlain(toFlag(action)), toPlain(flag));
  const isOver = action.until !== undefined && Date.parse(action.until) <= nowMs;
  return isOver && !custom ? null : { fault: action, custom };
}

const toPlain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** Whom it hits, in words. */
export const describeHits = ({ order, times, fraction, until }: Fault): string =>
  [
    order === undefined ? 'every order' : `order ${order}`,
    ...(times === undefined
      ? []
      : [times === 1 ? 'the first attempt' : `the first ${times} attempts`]),
    ...(fraction === undefined ? [] : [`${Number((fraction * 100).toFixed(2))} % of attempts`]),
    ...(until === undefined ? [] : [`until ${until}`]),
  ].join(', ');
